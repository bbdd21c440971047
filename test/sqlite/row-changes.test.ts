import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { SqlValue } from '../../src/api/value.ts';
import { narrow } from '../../src/api/wire.ts';
import { Prng } from '../../src/base/prng.ts';
import { type Connection, DatabaseSync } from '../../src/sqlite/binding.ts';
import { type RowChange, rowChanges } from '../../src/sqlite/row-changes.ts';
import { scratch } from './scratch.ts';

const SEEDS = 30;

/** Each with the columns that are its key, and the stored ones. */
const TABLES = {
  counted: {
    sql: 'CREATE TABLE counted(id INTEGER PRIMARY KEY AUTOINCREMENT, a, b)',
    key: ['rowid'],
    columns: ['id', 'a', 'b'],
  },
  nameless: {
    sql: 'CREATE TABLE nameless(a, b, c AS (1), d AS (length(b)) STORED)',
    key: ['rowid'],
    columns: ['a', 'b', 'd'],
  },
  downward: {
    sql: 'CREATE TABLE downward(id INTEGER PRIMARY KEY DESC, a, b)',
    key: ['rowid'],
    columns: ['id', 'a', 'b'],
  },
  keyed: {
    sql: 'CREATE TABLE keyed(b, v AS (1), k2 TEXT COLLATE NOCASE, a, k1, PRIMARY KEY(k1 DESC, k2, k1)) WITHOUT ROWID',
    key: ['k1', 'k2'],
    columns: ['b', 'k2', 'a', 'k1'],
  },
  plain: {
    sql: 'CREATE TABLE plain(id INTEGER PRIMARY KEY, a, b) WITHOUT ROWID',
    key: ['id'],
    columns: ['id', 'a', 'b'],
  },
} as const;
type Name = keyof typeof TABLES;
const NAMES = Object.keys(TABLES) as Name[];

type Rows = Map<string, { rowid: SqlValue; values: SqlValue[] }>;

/** All rows as SQLite tells them, by what they are known by. */
function rowsOf(db: Connection): Rows {
  const rows: Rows = new Map();
  for (const name of NAMES) {
    const { key, columns } = TABLES[name];
    const extra = name === 'counted' ? [', later'] : [];
    const sql = `SELECT ${key.join(', ')}, ${columns.join(', ')}${extra} FROM ${name}`;
    const statement = db.prepare(sql);
    statement.setReadBigInts(true);
    statement.setReturnArrays(true);
    for (const row of statement.all() as unknown as SqlValue[][]) {
      const values = row.map((v) => (typeof v === 'bigint' ? narrow(v) : v));
      const known = values.slice(0, key.length);
      const rowid = key[0] === 'rowid' ? known[0]! : null;
      rows.set(`${name} ${text(known)}`, { rowid, values: values.slice(key.length) });
    }
  }
  return rows;
}

function text(value: unknown): string {
  return JSON.stringify(value, (_, v) => {
    if (typeof v === 'bigint') return `${v}n`;
    return v instanceof Uint8Array ? [...v].join() : v;
  });
}

function expectedChanges(before: Rows, after: Rows): string[] {
  const changes: string[] = [];
  for (const key of new Set([...before.keys(), ...after.keys()])) {
    const [was, is] = [before.get(key), after.get(key)];
    const change = [key.split(' ')[0], (is ?? was)!.rowid, was?.values ?? null, is?.values ?? null];
    if (text(was?.values) !== text(is?.values)) changes.push(text(change));
  }
  return changes.sort();
}

function told(rows: readonly RowChange[]): string[] {
  return rows.map(({ table, rowid, before, after }) => text([table, rowid, before, after])).sort();
}

function randomValue(prng: Prng): SqlValue {
  const kind = prng.between(0, 9);
  if (kind === 0) return null;
  if (kind === 1) return prng.next() / 7;
  if (kind === 2) return BigInt(prng.next()) ** 2n / 3n;
  if (kind === 3) return prng.between(-3, 300);
  const length = kind === 9 ? prng.between(0, 6000) : prng.between(0, 120);
  if (kind % 2 === 0) return 'é'.repeat(length >> 1) + prng.next();
  return new Uint8Array(length).fill(prng.next());
}

function change(db: Connection, prng: Prng): void {
  const name = NAMES[prng.between(0, NAMES.length - 1)]!;
  const number = prng.between(0, 60);
  const [one, other] = [randomValue(prng), randomValue(prng)];
  const key = name === 'keyed' ? 'k1' : name === 'plain' ? 'id' : 'rowid';
  const place = name === 'nameless' ? '(rowid % 61)' : key;
  const kind = prng.between(0, 9);
  if (kind < 5) {
    if (name === 'keyed')
      db.prepare('INSERT OR REPLACE INTO keyed(k1, k2, a, b) VALUES (?, ?, ?, ?)').run(
        number,
        prng.chance(0.5) ? 'Key' : 'kEY'.repeat(prng.between(0, 60)),
        one,
        other,
      );
    else if (name === 'nameless')
      db.prepare('INSERT INTO nameless(a, b) VALUES (?, ?)').run(one, other);
    else
      db.prepare(`INSERT OR REPLACE INTO ${name}(id, a, b) VALUES (?, ?, ?)`).run(
        number,
        one,
        other,
      );
  } else if (kind === 5) db.prepare(`DELETE FROM ${name} WHERE ${place} = ?`).run(number);
  else if (kind === 6) db.prepare(`UPDATE ${name} SET a = ? WHERE ${place} = ?`).run(one, number);
  else if (kind === 7)
    // Of a long value only the end: the page of the row stays as it is.
    db.prepare(
      `UPDATE ${name} SET b = CAST(substr(b, 1, length(b) - 1) || 'Z' AS BLOB) WHERE typeof(b) = 'blob' AND length(b) > 900`,
    ).run();
  else if (kind === 8)
    db.prepare(`UPDATE OR REPLACE ${name} SET ${key} = ? WHERE ${place} = ?`).run(
      number,
      number + 1,
    );
  else db.prepare(`DELETE FROM ${name} WHERE ${place} BETWEEN ? AND ?`).run(number, number + 15);
}

function changes(db: Connection, prng: Prng, count: number): void {
  for (let i = 0; i < count; i++) change(db, prng);
}

function pagesOf(path: string, size: number): (pgno: number) => Uint8Array {
  const file = readFileSync(path);
  return (pgno) => {
    const image = file.subarray((pgno - 1) * size, pgno * size);
    return image.length === size ? image : new Uint8Array(size);
  };
}

test('the rows told of the pages that differ are those that SQLite tells, in tables of every kind', () => {
  const dir = scratch('row-changes');
  const kinds = new Set<string>();
  for (let seed = 1; seed <= SEEDS; seed++) {
    const prng = new Prng(seed);
    const size = [512, 1024, 4096][prng.between(0, 2)]!;
    const path = join(dir, `${seed}.db`);
    const db: Connection = new DatabaseSync(path);
    db.exec('PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY');
    db.exec(`PRAGMA page_size = ${size}; PRAGMA auto_vacuum = ${prng.between(0, 1)}`);
    db.exec(`PRAGMA encoding = '${prng.chance(0.3) ? 'UTF-16le' : 'UTF-8'}'`);
    for (const name of NAMES) db.exec(TABLES[name].sql);
    for (const name of NAMES) db.exec(`CREATE INDEX ${name}_b ON ${name}(b)`);
    changes(db, prng, prng.between(0, 300));
    db.exec("ALTER TABLE counted ADD COLUMN later DEFAULT 'since'");
    changes(db, prng, prng.between(0, 30));
    const [was, before] = [rowsOf(db), pagesOf(path, size)];
    db.exec('BEGIN');
    changes(db, prng, prng.between(1, 40));
    db.exec('COMMIT');
    const [is, after] = [rowsOf(db), pagesOf(path, size)];
    db.close();
    const pages = readFileSync(path).length / size;
    const changed = Array.from({ length: pages }, (_, i) => i + 1).filter(
      (pgno) => Buffer.compare(before(pgno), after(pgno)) !== 0,
    );
    const { rows, untold } = rowChanges(before, after, changed);
    assert.deepEqual(untold, [], `seed ${seed}`);
    assert.deepEqual(told(rows), expectedChanges(was, is), `seed ${seed}`);
    for (const row of rows) kinds.add(`${row.table} ${row.before === null} ${row.after === null}`);
  }
  assert.equal(
    kinds.size,
    3 * NAMES.length,
    'rows of all tables were inserted, deleted and updated',
  );
});

test('a page that was given up says nothing, whatever has become of the pages that its rows went on in', () => {
  const dir = scratch('row-changes');
  const long = 2_000;
  for (let kept = 0; kept < 12; kept++) {
    const path = join(dir, `freed-${kept}.db`);
    const db: Connection = new DatabaseSync(path);
    db.exec('PRAGMA synchronous = OFF; PRAGMA page_size = 512; PRAGMA auto_vacuum = 0');
    db.exec('CREATE TABLE counted(id INTEGER PRIMARY KEY, a)');
    const insert = db.prepare('INSERT INTO counted(a) VALUES (randomblob(?))');
    for (let n = 0; n < 40; n++) insert.run(n % 3 === 0 ? long : 10);
    const before = pagesOf(path, 512);
    db.exec(`DELETE FROM counted WHERE id > ${3 * kept}`);
    const after = pagesOf(path, 512);
    db.close();
    const pages = readFileSync(path).length / 512;
    const changed = Array.from({ length: pages }, (_, i) => i + 1).filter(
      (pgno) => Buffer.compare(before(pgno), after(pgno)) !== 0,
    );
    const { rows, untold } = rowChanges(before, after, changed);
    assert.deepEqual(untold, [], `${kept}`);
    assert.equal(rows.length, 40 - 3 * kept);
  }
});
