import type { Database } from '../src/api/database.ts';
import type { SqlValue } from '../src/api/value.ts';
import { createClient } from '../src/client/client.ts';
import type { City, Dataset } from './dataset.ts';
import { batchIdOf } from './import.ts';
import { LIMITS } from './limits.ts';
import type { MemberProcess } from './member-process.ts';
import { TABLES } from './schema.ts';
import { cityOf, writeIdOf } from './writer.ts';

type Row = readonly SqlValue[];

/**
 * The ids of acknowledged writes that a member does not have, has with another content, or has more
 * than once.
 */
export interface Findings {
  readonly lost: Set<string>;
  readonly duplicated: Set<string>;
}

/** What a writer says it was acknowledged: its writes after `verified`, up to `acknowledged`. */
export interface WriterClaim {
  readonly name: string;
  readonly verified: number;
  readonly acknowledged: number;
}

export function noFindings(): Findings {
  return { lost: new Set(), duplicated: new Set() };
}

/** One attempt, at this member alone: what it holds itself is the question. */
export function clientOf({ settings }: MemberProcess): Database {
  return createClient(settings.url, { attemptsMax: 1 });
}

/** Looks every claimed write up, row by row, in this member's copy. */
export async function verifyWrites(
  database: Database,
  claims: readonly WriterClaim[],
  cities: number,
  findings: Findings,
): Promise<void> {
  for (const claim of claims) await verifyWriter(database, claim, cities, findings);
}

const WRITES = `
  SELECT number, id, city FROM visits
  WHERE writer = ?1 AND number <= ?2 AND (number, id) > (?3, ?4)
  ORDER BY number, id LIMIT ?5`;

async function verifyWriter(
  database: Database,
  { name, verified, acknowledged }: WriterClaim,
  cities: number,
  { lost, duplicated }: Findings,
): Promise<void> {
  // A write under way when the load stopped was not acknowledged: it may be there, but once at
  // most.
  const through = acknowledged + 1;
  let previous = verified;
  const pages = readPages(database, WRITES, [name, through], [verified, Number.MAX_SAFE_INTEGER]);
  for await (const [number, , city] of pages) {
    if (typeof number !== 'number') throw new Error(`visits.number is ${number}`);
    if (number === previous) duplicated.add(writeIdOf(name, number));
    if (city !== cityOf(number, cities) && number <= acknowledged)
      lost.add(writeIdOf(name, number));
    for (let gap = previous + 1; gap < number; gap++) lost.add(writeIdOf(name, gap));
    previous = number;
  }
  for (let gap = previous + 1; gap <= acknowledged; gap++) lost.add(writeIdOf(name, gap));
}

/** Compares every imported row with the data set. */
export async function verifyImport(
  database: Database,
  { countries, regions, cities }: Dataset,
  findings: Findings,
): Promise<void> {
  await verifyTable(database, 'countries', 'code', countries, findings);
  await verifyTable(database, 'regions', 'id', regions, findings);
  await verifyTable<City>(database, 'cities', 'id', cities, findings);
}

/** `rows` are in the order of `key`, which comes first in the table. */
async function verifyTable<T extends object>(
  database: Database,
  table: string,
  key: string,
  rows: readonly T[],
  { lost, duplicated }: Findings,
): Promise<void> {
  const sql = `SELECT * FROM ${table} WHERE ${key} > ?1 ORDER BY ${key} LIMIT ?2`;
  const start = key === 'id' ? [0] : [''];
  const stored = new Map<string, string>();
  for await (const row of readPages(database, sql, [], start))
    stored.set(String(row[0]), JSON.stringify(row));
  rows.forEach((row, offset) => {
    const expected = Object.values(row) as SqlValue[];
    if (stored.get(String(expected[0])) !== JSON.stringify(expected))
      lost.add(batchIdOf(table, offset));
  });
  // The keys are unique: a row too many is one that nobody wrote.
  if (stored.size > rows.length) duplicated.add(`${table}: ${stored.size - rows.length} too many`);
}

/** Rows in all of the demo's tables. */
export async function countRows(database: Database): Promise<number> {
  let rows = 0;
  for (const table of TABLES) {
    const result = await database.query(`SELECT count(*) FROM ${table}`);
    rows += Number(result.rows[0]![0]);
  }
  return rows;
}

/**
 * All rows of `sql`, page by page: its arguments are `fixed`, the first columns of the row to go on
 * after, and the page's size.
 */
async function* readPages(
  database: Database,
  sql: string,
  fixed: readonly SqlValue[],
  start: readonly SqlValue[],
): AsyncGenerator<Row> {
  let after = start;
  for (;;) {
    const { rows } = await database.query(sql, [...fixed, ...after, LIMITS.verifyPageRows]);
    yield* rows;
    if (rows.length < LIMITS.verifyPageRows) return;
    after = rows.at(-1)!.slice(0, start.length);
  }
}
