import { PacelineError } from '../../../src/base/errors.ts';
import type { OpenedReader } from '../../../src/member/this-copy.ts';
import { type EntryId, ORIGIN } from '../../../src/raft/entry.ts';
import { Reader } from '../../../src/sqlite/reader.ts';

/** A result of the workloads is small. */
const RESULT_BYTES_MAX = 2 ** 20;

/** The product's reader. `onRead` is told of each result from which position it was read. */
export function watchedReader(
  path: string,
  onRead: (result: object, at: EntryId) => void,
): OpenedReader {
  const reader = new Reader(path, RESULT_BYTES_MAX);
  const note = <T extends object>(result: T, schema: number): T => {
    onRead(result, positionSeenBy(reader, schema));
    return result;
  };
  return {
    query: (sql, args, schema, onRow) => note(reader.query(sql, args, schema, onRow), schema),
    first: (sql, args, schema) => note(reader.first(sql, args, schema), schema),
    iterate: (sql, args, schema) => reader.iterate(sql, args, schema),
    columns: (sql, schema) => reader.columns(sql, schema),
    begin: () => reader.begin(),
    end: () => reader.end(),
    close: () => reader.close(),
  };
}

function positionSeenBy(reader: Reader, schema: number): EntryId {
  try {
    const { rows } = reader.query('SELECT term, idx FROM _paceline', undefined, schema);
    const [term, index] = rows[0] as [number, number];
    return { term, index };
  } catch (error) {
    // Nothing was ever committed.
    if (error instanceof PacelineError && error.message.startsWith('no such table')) return ORIGIN;
    throw error;
  }
}
