import { DatabaseSync } from '../src/sqlite/binding.ts';
import { blockingLoop } from './closed-loop.ts';
import type { Measured } from './samples.ts';
import { createTable, insertInto, randomRow, rowsInBatches } from './table.ts';

type Connection = InstanceType<typeof DatabaseSync>;

/** SQLite by itself, as durable as it gets: the same binding, table and statements, no replication. */
export class PlainSqlite {
  readonly #db: Connection;

  constructor(path: string) {
    this.#db = new DatabaseSync(path);
    this.#db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
  }

  /** `perTransaction` inserts in each transaction; with 1, each insert is one by itself. */
  measureNewTable(name: string, perTransaction: number, seconds: number): Measured {
    this.#makeTable(name);
    const insert = this.#db.prepare(insertInto(name));
    if (perTransaction === 1) return blockingLoop(seconds, 1, () => insert.run(...randomRow()));
    return blockingLoop(seconds, perTransaction, () =>
      this.#transaction(() => {
        for (let i = 0; i < perTransaction; i++) insert.run(...randomRow());
      }),
    );
  }

  close(): void {
    this.#db.close();
  }

  #makeTable(name: string): void {
    for (const { sql } of createTable(name)) this.#db.exec(sql);
    const insert = this.#db.prepare(insertInto(name));
    for (const rows of rowsInBatches())
      this.#transaction(() => {
        for (const row of rows) insert.run(...row);
      });
  }

  #transaction(work: () => void): void {
    this.#db.exec('BEGIN IMMEDIATE');
    work();
    this.#db.exec('COMMIT');
  }
}
