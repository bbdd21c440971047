import { randomBytes, randomInt } from 'node:crypto';
import type { Statement } from '../src/index.ts';

/** Characters of `v`; with the key, `k` and the index a row takes about 100 bytes. */
const TEXT_CHARACTERS = 84;
/** Different texts, made beforehand, so that making them is not what is measured. */
const TEXTS = Array.from({ length: 1024 }, () => randomBytes(TEXT_CHARACTERS / 2).toString('hex'));
const K_MAX = 2 ** 31 - 1;
/** Rows that a table has before it is measured: an index on a random column costs its real price only when it has pages. */
const ROWS_BEFORE = 10_000;
const ROWS_PER_BATCH = 1000;

export function createTable(name: string): Statement[] {
  return [
    { sql: `CREATE TABLE ${name}(id INTEGER PRIMARY KEY, k INT, v TEXT)` },
    { sql: `CREATE INDEX ${name}_k ON ${name}(k)` },
  ];
}

export function insertInto(name: string): string {
  return `INSERT INTO ${name}(k, v) VALUES (?, ?)`;
}

export function randomRow(): [k: number, v: string] {
  return [randomInt(K_MAX), randomText()];
}

export function randomText(): string {
  return TEXTS[Math.floor(Math.random() * TEXTS.length)]!;
}

/** The rows of a new table, those of one transaction at a time. */
export function* rowsInBatches(rows = ROWS_BEFORE): Generator<[k: number, v: string][]> {
  for (let done = 0; done < rows; done += ROWS_PER_BATCH)
    yield Array.from({ length: Math.min(ROWS_PER_BATCH, rows - done) }, randomRow);
}

/** The same as statements. */
export function* batchesOfRows(name: string, rows = ROWS_BEFORE): Generator<Statement[]> {
  const sql = insertInto(name);
  for (const batch of rowsInBatches(rows)) yield batch.map((args) => ({ sql, args }));
}
