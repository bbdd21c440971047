import { statfsSync } from 'node:fs';
import { messageOf, PacelineError } from '../base/errors.ts';
import type { Connection } from './binding.ts';
import { sqlError } from './sql-error.ts';

/** With so much room a statement cannot fail for the lack of it: the writer's page cache takes most of what it writes. */
const ROOM_BYTES = 16 * 2 ** 20;

/**
 * What a caller's statement did wrong. SQLITE_FULL is also what SQLite says of an AUTOINCREMENT table that has given its last rowid: as
 * long as the disk has room it is the statement's fault, which waiting does not mend, and no reason for a leader to hand over.
 */
export function statementError(error: unknown, connection: Connection): PacelineError {
  const failure = sqlError(error);
  if (failure.code !== 'DISK_FULL' || roomBeside(connection) < ROOM_BYTES) return failure;
  const { sqlite, cause = error } = failure;
  const detail = sqlite === undefined ? {} : { sqlite };
  return new PacelineError('SQL', messageOf(cause), { ...detail, cause });
}

/** Bytes left on the file system of the database, as far as that tells. */
function roomBeside(connection: Connection): number {
  const path = connection.location();
  if (path === null) return Number.POSITIVE_INFINITY;
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize;
}
