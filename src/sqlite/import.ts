import { type Stats, statSync } from 'node:fs';
import { type ErrorRecord, messageOf, PacelineError } from '../base/errors.ts';
import type { EntryId } from '../raft/entry.ts';
import type { ChecksumValue } from '../redo/checksum.ts';
import { startWorker } from './start-worker.ts';

export interface ImportRequest {
  readonly source: string;
  readonly target: string;
  readonly cluster: string;
  readonly position: EntryId;
}

export interface Imported {
  readonly checksum: ChecksumValue;
  /** What an operator should know of the content, which is taken over as it is. */
  readonly warnings: readonly string[];
}

export type ImportReply = Imported | { readonly error: ErrorRecord };

/**
 * Copies a SQLite file to be the database of a new cluster, at `position`. The source is read under SQLite's own
 * locks and never written; it is checked before it is used. Runs in a thread of its own, whose end closes what it had open. Throws IMPORT_INVALID, DISK_FULL, IO.
 */
export async function importDatabase(
  source: string,
  target: string,
  cluster: string,
  position: EntryId,
): Promise<Imported> {
  checkFile(source);
  const workerData: ImportRequest = { source, target, cluster, position };
  const { worker } = startWorker(new URL('./import-worker.js', import.meta.url), workerData);
  const reply = await new Promise<ImportReply>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  await worker.terminate();
  if ('error' in reply) throw PacelineError.fromRecord(reply.error);
  return reply;
}

/** SQLite takes an empty file for an empty database; as something to import it is a mistake. */
function checkFile(source: string): void {
  const stat = statOf(source);
  if (stat === undefined) throw invalid(`there is no file ${source} to import`);
  if (!stat.isFile()) throw invalid(`${source} is not a file that could be imported`);
  if (stat.size > 0) return;
  const hint = 'name the file that was meant, or import nothing to begin with an empty database';
  throw invalid(`${source} cannot be imported: it has no bytes in it; ${hint}`);
}

function statOf(source: string): Stats | undefined {
  try {
    return statSync(source, { throwIfNoEntry: false });
  } catch (error) {
    throw invalid(`${source} cannot be imported: ${messageOf(error)}`, error);
  }
}

function invalid(why: string, cause?: unknown): PacelineError {
  return new PacelineError('IMPORT_INVALID', `${why}; nothing was changed`, { cause });
}
