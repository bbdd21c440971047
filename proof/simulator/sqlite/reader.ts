import { PacelineError } from '../../../src/base/errors.ts';
import type { OpenedReader } from '../../../src/member/this-copy.ts';
import { type EntryId, ORIGIN } from '../../../src/raft/entry.ts';
import { Reader } from '../../../src/sqlite/reader.ts';

/** A result of the workloads is small. */
const RESULT_BYTES_MAX = 2 ** 20;

export interface ReaderWatch {
  /** Something was read from the state at this position; by which objects that is known. */
  readonly onRead: (at: EntryId, results: readonly object[]) => void;
  /** A connection that holds no state has seen this, or begins to hold it. */
  readonly onSeen: (at: EntryId) => void;
  /** One that holds the state at `held` has seen another one. */
  readonly onMoved: (held: EntryId, at: EntryId) => void;
}

/** The product's reader, which is asked about the position of all that it reads. */
export class WatchedReader implements OpenedReader {
  readonly #reader: Reader;
  readonly #watch: ReaderWatch;
  #held: EntryId | null = null;
  #schema = 0;

  constructor(path: string, watch: ReaderWatch) {
    this.#reader = new Reader(path, RESULT_BYTES_MAX);
    this.#watch = watch;
  }

  query: OpenedReader['query'] = (sql, args, schema, onRow) => {
    const result = this.#reader.query(sql, args, schema, onRow);
    this.#noteRead(schema, result, result.rows);
    return result;
  };

  first: OpenedReader['first'] = (sql, args, schema) => {
    const result = this.#reader.first(sql, args, schema);
    this.#noteRead(schema, result);
    return result;
  };

  *iterate(...[sql, args, schema]: Parameters<OpenedReader['iterate']>) {
    for (const row of this.#reader.iterate(sql, args, schema)) {
      this.#noteRead(schema, row);
      yield row;
    }
  }

  columns: OpenedReader['columns'] = (sql, schema) => this.#reader.columns(sql, schema);

  begin(): void {
    this.#reader.begin();
    const at = this.#position(this.#schema);
    this.#watch.onSeen(at);
    this.#held = at;
  }

  end(): void {
    this.#held = null;
    this.#reader.end();
  }

  close(): void {
    this.#reader.close();
  }

  #noteRead(schema: number, ...results: readonly object[]): void {
    const at = this.#position(schema);
    const held = this.#held;
    if (held === null) this.#watch.onSeen(at);
    else if (held.index !== at.index || held.term !== at.term) this.#watch.onMoved(held, at);
    this.#watch.onRead(at, results);
  }

  #position(schema: number): EntryId {
    this.#schema = schema;
    try {
      const { rows } = this.#reader.query('SELECT term, idx FROM _paceline', undefined, schema);
      const [term, index] = rows[0] as [number, number];
      return { term, index };
    } catch (error) {
      // Nothing was ever committed.
      if (error instanceof PacelineError && error.message.startsWith('no such table'))
        return ORIGIN;
      throw error;
    }
  }
}
