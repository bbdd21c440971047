import { createRequire } from 'node:module';
import type { DatabaseSyncInstance, StatementSyncInstance } from '@photostructure/sqlite';

/**
 * Decides once which SQLite this process uses: the runtime's own where it can do all that Paceline needs (the
 * authorizer came with Node 24.10), else the package with the same interface. All connections of a
 * process must come from the same library: two copies of SQLite break each other's POSIX locks.
 */
export type Connection = DatabaseSyncInstance;
export type PreparedStatement = StatementSyncInstance;

interface ConnectionOptions {
  readonly readOnly?: boolean;
  readonly timeout?: number;
  readonly returnArrays?: boolean;
  readonly enableForeignKeyConstraints?: boolean;
  readonly enableDoubleQuotedStringLiterals?: boolean;
  readonly defensive?: boolean;
}

interface Library {
  readonly DatabaseSync: new (path: string, options?: ConnectionOptions) => Connection;
  readonly backup: (source: Connection, path: string) => Promise<number>;
}

const require = createRequire(import.meta.url);

/** Not loaded where it cannot do: Node 22 would warn of an experimental feature that nothing uses. */
function builtIn(): Library | null {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 24 || (major === 24 && minor < 10)) return null;
  const found = process.getBuiltinModule?.('node:sqlite') as Library | undefined;
  return found !== undefined && 'setAuthorizer' in found.DatabaseSync.prototype ? found : null;
}

const own = builtIn();
const library = own ?? (require('@photostructure/sqlite') as Library);

export const DatabaseSync = library.DatabaseSync;

/**
 * Whether `close()` really closes. The package's leaves prepared statements, and with them the connection, to the garbage
 * collector; in a worker thread they end with the thread.
 */
export const CLOSES_AT_ONCE = own !== null;

/** Copies a database page by page under SQLite's locks (https://sqlite.org/backup.html). */
export const backup = library.backup;

/** SQLite's authorizer action codes and answers (https://sqlite.org/c3ref/c_alter_table.html), fixed for all versions. */
export const AUTH = {
  OK: 0,
  DENY: 1,
  CREATE_TEMP_INDEX: 3,
  CREATE_TEMP_TABLE: 4,
  CREATE_TEMP_TRIGGER: 5,
  CREATE_TEMP_VIEW: 6,
  CREATE_INDEX: 1,
  CREATE_TABLE: 2,
  CREATE_TRIGGER: 7,
  CREATE_VIEW: 8,
  DELETE: 9,
  DROP_INDEX: 10,
  DROP_TABLE: 11,
  DROP_TRIGGER: 16,
  DROP_VIEW: 17,
  INSERT: 18,
  PRAGMA: 19,
  TRANSACTION: 22,
  UPDATE: 23,
  ATTACH: 24,
  DETACH: 25,
  ALTER_TABLE: 26,
  REINDEX: 27,
  ANALYZE: 28,
  CREATE_VTABLE: 29,
  DROP_VTABLE: 30,
  FUNCTION: 31,
  SAVEPOINT: 32,
} as const;
