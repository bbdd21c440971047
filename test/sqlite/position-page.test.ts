import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { DatabaseSync } from '../../src/sqlite/binding.ts';
import { positionInPage } from '../../src/sqlite/position-page.ts';
import { EngineFixture } from './fixture.ts';
import { scratch } from './scratch.ts';

const directory = scratch('pages');
let count = 0;

const pageSize = fc.constantFrom(512, 1024, 4096, 65536);
const number = fc.oneof(
  fc.constantFrom(
    0,
    1,
    2,
    127,
    128,
    255,
    32767,
    32768,
    2 ** 23,
    2 ** 31,
    2 ** 32,
    2 ** 47,
    2 ** 48,
  ),
  fc.maxSafeInteger().map(Math.abs),
);
const cluster = fc.stringMatching(/^[a-z0-9-]{1,64}$/);

/** All pages of a database with these statements, as SQLite writes them. */
function pagesOf(size: number, ...sql: string[]): Uint8Array[] {
  const path = join(directory, `${count++}.db`);
  const db = new DatabaseSync(path);
  db.exec(`PRAGMA page_size = ${size}; PRAGMA synchronous = OFF`);
  for (const statement of sql) db.exec(statement);
  db.close();
  const bytes = readFileSync(path);
  rmSync(path);
  return Array.from({ length: bytes.length / size }, (_, i) =>
    bytes.slice(i * size, (i + 1) * size),
  );
}

const TABLE =
  'CREATE TABLE _paceline(id INTEGER PRIMARY KEY CHECK(id=1), cluster TEXT, format INT, term INT, idx INT, generation INT, kept INT)';

test('the row is found on its page, and on no other, whatever its values', () => {
  fc.assert(
    fc.property(pageSize, cluster, number, number, number, (size, name, term, index, kept) => {
      const pages = pagesOf(
        size,
        'CREATE TABLE other(a, b); INSERT INTO other VALUES (1, 2)',
        TABLE,
        `INSERT INTO _paceline VALUES (1, '${name}', 1, ${term}, ${index}, 1, ${kept})`,
      );
      const found = pages.map((page) => positionInPage(page, name)).filter((id) => id !== null);
      assert.deepEqual(found, [{ term, index }]);
      assert.ok(pages.every((page) => positionInPage(page, `${name}x`) === null));
    }),
    { numRuns: 300 },
  );
});

test('the row is found where it is after many updates', () => {
  const leader = new EngineFixture({ pageSize: 512 });
  leader.lead();
  leader.run('CREATE TABLE t(a)');
  const { wal } = leader.connections;
  for (let i = 0; i < 300; i++) {
    leader.run(`INSERT INTO t VALUES (${i})`);
    const found = [];
    for (let pgno = 1; pgno <= wal.databasePages; pgno++) {
      const id = positionInPage(wal.readPage(pgno), 'test-cluster');
      if (id !== null) found.push(id);
    }
    assert.deepEqual(found, [leader.engine.position]);
  }
});

test('any bytes give a position or none, never an error', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 512, maxLength: 512 }), (bytes) => {
      bytes[0] = 0x0d;
      bytes[3] = 0;
      bytes[4] = 1;
      const found = positionInPage(bytes, 'x');
      assert.ok(found === null || Number.isFinite(found.index));
    }),
    { numRuns: 2000 },
  );
});

test('a damaged page of the row gives a position or none, never an error', () => {
  const [page] = pagesOf(
    512,
    TABLE,
    "INSERT INTO _paceline VALUES (1, 'c', 1, 7, 300, 0, 0)",
  ).slice(-1);
  fc.assert(
    fc.property(fc.nat(511), fc.nat(255), (at, byte) => {
      const damaged = page!.slice();
      damaged[at] = byte;
      positionInPage(damaged, 'c');
    }),
    { numRuns: 2000 },
  );
});
