import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EngineFixture, errorOf, resultsOf, write } from './fixture.ts';

/** Inside a transaction SQLite keeps the first row of each: it expects no failure there, and a value of the wrong type is one. */
const FAILING = [
  "INSERT OR IGNORE INTO t VALUES (5), ('word')",
  "REPLACE INTO t VALUES (5), ('word')",
  "INSERT INTO t VALUES (5), ('word') ON CONFLICT DO NOTHING",
  "UPDATE OR IGNORE t SET id = CASE id WHEN 2 THEN 'word' ELSE 9 END",
  "INSERT OR IGNORE INTO strict VALUES ('a'), (x'00')",
  "INSERT INTO declared VALUES (5), ('word')",
  'INSERT INTO fires VALUES (1)',
];

for (const sql of FAILING)
  test(`a write that fails leaves nothing behind, alone or beside others: ${sql}`, () => {
    const leader = new EngineFixture();
    leader.lead();
    for (const schema of [
      'CREATE TABLE t(id INTEGER PRIMARY KEY)',
      'CREATE TABLE strict(a TEXT) STRICT',
      'INSERT INTO t VALUES (1), (2)',
      ...(sql.includes('declared')
        ? ['CREATE TABLE declared(id INTEGER PRIMARY KEY ON CONFLICT IGNORE)']
        : []),
      ...(sql.includes('fires')
        ? [
            'CREATE TABLE fires(x)',
            "CREATE TRIGGER f AFTER INSERT ON fires BEGIN INSERT OR IGNORE INTO t VALUES (7), ('word'); END",
          ]
        : []),
    ])
      resultsOf(leader.run(schema)[0]);
    const tables = leader.all("SELECT name FROM sqlite_schema WHERE sql NOT LIKE '%TRIGGER%'") as {
      name: string;
    }[];
    const content = () =>
      tables
        .filter(({ name }) => !name.startsWith('_paceline'))
        .map(({ name }) => leader.all(`SELECT * FROM ${name}`));
    const before = content();
    errorOf(leader.run(sql)[0]);
    assert.deepEqual(content(), before);
    const [, failed] = leader.runWrites([
      write("INSERT INTO strict VALUES ('kept')"),
      write([sql]),
    ]);
    errorOf(failed);
    leader.run("DELETE FROM strict WHERE a = 'kept'");
    assert.deepEqual(content(), before);
  });
