import type { ColumnInfo } from '../../../src/api/reads.ts';
import type { QueryResult } from '../../../src/api/request.ts';
import type { SqlArgs, SqlValue } from '../../../src/api/value.ts';
import { assert } from '../../../src/base/assert.ts';
import type { OpenedReader } from '../../../src/member/this-copy.ts';
import { type EntryId, ORIGIN } from '../../../src/raft/entry.ts';
import { type DatabaseFiles, type HeldPages, type Pages, positionIn } from './files.ts';
import { Rows } from './rows.ts';
import { columnsOf, runQuery } from './statements.ts';

/** Is told of the state that something was read from, and by which objects that is known. */
type OnRead = (at: EntryId, results: readonly object[]) => void;

/** The twin of `Reader`: sees the last commit in the files, or the one that was the last when it began to hold it. */
export class SimReader implements OpenedReader {
  readonly #files: DatabaseFiles;
  readonly #cluster: string;
  readonly #onRead: OnRead;
  readonly #rows: Rows;
  #held: { readonly pages: HeldPages; readonly rows: Rows } | null = null;

  constructor(files: DatabaseFiles, cluster: string, onRead: OnRead) {
    this.#files = files;
    this.#cluster = cluster;
    this.#onRead = onRead;
    this.#rows = new Rows(files);
  }

  query(sql: string, args?: SqlArgs): QueryResult {
    const rows = this.#held?.rows ?? this.#rows;
    const result = runQuery(rows, args === undefined ? { sql } : { sql, args });
    this.#noteRead(result, result.rows);
    return result;
  }

  first(sql: string, args?: SqlArgs) {
    const { columns, rows } = this.query(sql, args);
    return { columns, row: rows[0] as SqlValue[] | undefined };
  }

  *iterate(sql: string, args?: SqlArgs): Generator<SqlValue[]> {
    const { rows } = this.query(sql, args);
    for (const row of rows) {
      this.#noteRead(row);
      yield [...row];
    }
  }

  columns(sql: string): ColumnInfo[] {
    return columnsOf(sql).map((name) => ({ name, type: null }));
  }

  begin(): void {
    assert(this.#held === null, 'a connection holds one state');
    const pages = this.#files.hold();
    this.#held = { pages, rows: new Rows(pages) };
  }

  end(): void {
    this.#held?.pages.release();
    this.#held = null;
  }

  close(): void {
    this.end();
  }

  #noteRead(...results: readonly object[]): void {
    const pages: Pages = this.#held?.pages ?? this.#files;
    this.#onRead(positionIn(pages, this.#cluster) ?? ORIGIN, results);
  }
}
