import { PacelineError } from '../../../src/base/errors.ts';
import type { Connection, PreparedStatement } from '../../../src/sqlite/binding.ts';

/** What the disk has of it. */
export interface Room {
  full: boolean;
}

const SQLITE_FULL = 13;

/** As the system's calls would fail on it. Throws DISK_FULL. */
export function checkRoom({ full }: Room): void {
  if (full) throw new PacelineError('DISK_FULL', 'no room left to write the WAL: free some space');
}

/** On a full disk this connection's COMMIT fails, as SQLite's does when it cannot write the WAL. */
export function limitRoom(connection: Connection, room: Room): void {
  const prepare: Connection['prepare'] = connection.prepare.bind(connection);
  const limited: Connection['prepare'] = (sql, options) => {
    const statement = prepare(sql, options);
    if (sql === 'COMMIT') failWhenFull(statement, room);
    return statement;
  };
  Object.defineProperty(connection, 'prepare', { value: limited });
}

function failWhenFull(statement: PreparedStatement, room: Room): void {
  const run: PreparedStatement['run'] = statement.run.bind(statement);
  const value: PreparedStatement['run'] = (...args) => {
    if (room.full) throw sqliteFull();
    return run(...args);
  };
  Object.defineProperty(statement, 'run', { value });
}

function sqliteFull(): Error {
  const code = { code: 'ERR_SQLITE_ERROR', errcode: SQLITE_FULL };
  return Object.assign(new Error('database or disk is full'), code);
}
