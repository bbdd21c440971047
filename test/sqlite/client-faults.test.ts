/** What a client's statement does wrong, in words that SQLite has for damaged files and full disks, too: it is the statement's fault. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { SmallDisk } from '../../proof/chaos/small-disk.ts';
import { PageHasher } from '../../src/redo/page-hash.ts';
import { Reader } from '../../src/sqlite/reader.ts';
import { seedPage } from '../../src/sqlite/seed.ts';
import { codes, EngineFixture, errorOf, resultsOf, write } from './fixture.ts';
import { scratch } from './scratch.ts';

/** An index of texts that are kept elsewhere, and one of them is not there any more. */
const TEXT_WITHOUT_ROW = [
  'CREATE TABLE texts(id INTEGER PRIMARY KEY, body)',
  "CREATE VIRTUAL TABLE found USING fts5(body, content='texts', content_rowid='id')",
  "INSERT INTO texts VALUES (1, 'a rider'), (2, 'the rider'), (3, 'a wheel')",
  "INSERT INTO found(found) VALUES ('rebuild')",
  'DELETE FROM texts WHERE id = 2',
];
/** SQLite finds it in the second row. */
const SNIPPETS =
  "SELECT snippet(found, 0, '', '', '', 3) FROM found WHERE found MATCH ? ORDER BY rowid";
const MALFORMED = { code: 'SQLITE_CORRUPT', errcode: 267 };

function leading(schema: readonly string[]): EngineFixture {
  const leader = new EngineFixture();
  leader.lead();
  for (const sql of schema) resultsOf(leader.run(sql)[0]);
  return leader;
}

test('a virtual table that does not fit its content is no damage of the file, in whichever row it shows', () => {
  const leader = leading(TEXT_WITHOUT_ROW);
  const reader = new Reader(leader.path, 10_000);
  const schema = leader.engine.schemaCookie;
  const failure = { code: 'SQL', sqlite: MALFORMED };
  assert.throws(() => reader.query(SNIPPETS, ['rider'], schema), failure);
  assert.throws(() => [...reader.iterate(SNIPPETS, ['rider'], schema)], failure);
  reader.close();
  const alone = errorOf(leader.run([SNIPPETS, ['rider']])[0]);
  assert.deepEqual([alone.code, alone.sqlite], ['SQL', MALFORMED]);
  const sql = SNIPPETS.replace('?', "'rider'");
  const inBatch = errorOf(leader.runWrites([write(["INSERT INTO texts VALUES (9, '')", sql])])[0]);
  assert.deepEqual([inBatch.code, inBatch.sqlite], ['SQL', MALFORMED]);
  assert.deepEqual(leader.all('SELECT id FROM texts'), [{ id: 1 }, { id: 3 }]);
  leader.close();
});

/** The table has given its last rowid; SQLite says of the next row what it says of a full disk. */
const USED_UP = [
  'CREATE TABLE numbered(id INTEGER PRIMARY KEY AUTOINCREMENT, v)',
  'CREATE TABLE other(v)',
  'INSERT INTO numbered(id) VALUES (9223372036854775807)',
];
const NEXT = "INSERT INTO numbered(v) VALUES ('next')";

for (const sql of [NEXT, `${NEXT} RETURNING id`, NEXT.replace('INSERT', 'INSERT OR FAIL')])
  test(`a table that has given its last rowid is no full disk, and others of the same commit are done: ${sql}`, () => {
    const leader = leading(USED_UP);
    const [before, failed, after] = leader.run(
      'INSERT INTO other VALUES (1)',
      sql,
      'INSERT INTO other VALUES (2)',
    );
    const { code, message, sqlite } = errorOf(failed);
    assert.deepEqual(
      { code, message, sqlite },
      {
        code: 'SQL',
        message: 'database or disk is full',
        sqlite: { code: 'SQLITE_FULL', errcode: 13 },
      },
    );
    resultsOf(before);
    resultsOf(after);
    assert.deepEqual(leader.all('SELECT v FROM other ORDER BY v'), [{ v: 1 }, { v: 2 }]);
    leader.close();
  });

/** On a disk of its own, with so many bytes of room left. */
function leadingWithRoom(t: TestContext, bytes: number, schema: readonly string[]): EngineFixture {
  const dir = scratch('room');
  const disk = SmallDisk.mount(join(dir, 'small'), 4 * 2 ** 20);
  assert.ok(disk !== null, 'this test needs the right to mount a tmpfs: run it as root, on Linux');
  t.after(() => disk.remove());
  const path = join(disk.path, 'main.db');
  writeFileSync(path, seedPage(4096));
  const checksum = new PageHasher().hash(1, seedPage(4096)).take();
  const leader = new EngineFixture({ existing: { path, checksum } });
  leader.lead();
  for (const sql of schema) resultsOf(leader.run(sql)[0]);
  disk.leave(bytes);
  return leader;
}

for (const left of [20_480, 2 ** 20])
  test(`with ${left} bytes of room, too, a table that has given its last rowid is no full disk`, (t) => {
    const leader = leadingWithRoom(t, left, USED_UP);
    const { code, sqlite } = errorOf(leader.run(NEXT)[0]);
    assert.deepEqual([code, sqlite], ['SQL', { code: 'SQLITE_FULL', errcode: 13 }]);
    assert.deepEqual(codes(leader.run("INSERT INTO other VALUES ('fits')")), ['ok']);
    leader.close();
  });

test('a statement that finds no room for what it has to write on its way meets a full disk', (t) => {
  const leader = leadingWithRoom(t, 2 ** 20, USED_UP);
  const more = Array.from({ length: 10_000 }, () => 0);
  const large = `INSERT INTO other SELECT zeroblob(4000) FROM json_each('[${more}]')`;
  assert.equal(errorOf(leader.run(large)[0]).code, 'DISK_FULL');
  leader.close();
});
