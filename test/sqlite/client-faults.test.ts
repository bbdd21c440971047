/** What a client's statement does wrong, in words that SQLite has for damaged files and full disks, too: it is the statement's fault. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Reader } from '../../src/sqlite/reader.ts';
import { EngineFixture, errorOf, resultsOf, write } from './fixture.ts';

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
