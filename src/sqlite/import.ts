import { existsSync } from 'node:fs';
import { type ErrorRecord, PacelineError } from '../base/errors.ts';
import type { EntryId } from '../raft/entry.ts';
import type { ChecksumValue } from '../redo/checksum.ts';
import { startWorker } from './start-worker.ts';

export interface ImportRequest {
  readonly source: string;
  readonly target: string;
  readonly cluster: string;
  readonly position: EntryId;
}

export type ImportReply = { readonly checksum: ChecksumValue } | { readonly error: ErrorRecord };

/**
 * Copies a SQLite file to be the database of a new cluster, at `position`; returns its checksum. The source is read under
 * SQLite's own locks and never written; it is checked before it is used. Runs in a thread of its own, whose
 * end closes what it had open. Throws IMPORT_INVALID, DISK_FULL, IO.
 */
export async function importDatabase(
  source: string,
  target: string,
  cluster: string,
  position: EntryId,
): Promise<ChecksumValue> {
  if (!existsSync(source))
    throw new PacelineError('IMPORT_INVALID', `there is no file ${source} to import`);
  const workerData: ImportRequest = { source, target, cluster, position };
  const { worker } = startWorker(new URL('./import-worker.js', import.meta.url), workerData);
  const reply = await new Promise<ImportReply>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  await worker.terminate();
  if ('error' in reply) throw PacelineError.fromRecord(reply.error);
  return reply.checksum;
}
