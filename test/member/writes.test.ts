import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { LocalDatabase } from '../../src/index.ts';
import { applied, Local } from './fixture.ts';

const local = new Local({ after });
let members: LocalDatabase[];

before(async () => {
  members = await local.openAll(['a', 'b', 'c']);
  await members[0]!.batch([
    { sql: 'CREATE TABLE parent(id INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL)' },
    { sql: 'CREATE TABLE child(p INTEGER REFERENCES parent(id) DEFERRABLE INITIALLY DEFERRED)' },
  ]);
});

beforeEach(async () => {
  const { position } = await members[0]!.batch([
    { sql: 'DELETE FROM child' },
    { sql: 'DELETE FROM parent' },
  ]);
  for (const member of members) await applied(member, position);
});

const parents = async (db: LocalDatabase) =>
  (await db.query('SELECT name FROM parent ORDER BY id')).rows.flat();

const INSERT = 'INSERT INTO parent(name) VALUES (?)';

for (const [which, name] of ['the leader', 'a follower'].entries()) {
  const through = `through ${name}`;

  test(`a statement tells its rows, changes, rowid and position ${through}`, async () => {
    const db = members[which]!;
    const one = await db.execute('INSERT INTO parent VALUES (7, ?) RETURNING id, name AS n', ['x']);
    assert.deepEqual(one.columns, ['id', 'n']);
    assert.deepEqual(one.rows, [[7, 'x']]);
    assert.equal(one.changes, 1);
    assert.equal(one.lastInsertRowid, 7);
    const two = await db.execute("UPDATE parent SET name = name || '!'");
    assert.equal(two.changes, 1);
    assert.deepEqual(two.rows, []);
    assert.ok(two.position.index > one.position.index && two.position.term >= one.position.term);
    assert.equal((await db.execute('DELETE FROM parent WHERE id = 99')).changes, 0);
  });

  test(`a batch is one transaction with one position and a result for each statement ${through}`, async () => {
    const db = members[which]!;
    const { results, position } = await db.batch([
      { sql: INSERT, args: ['x'] },
      { sql: INSERT, args: ['y'] },
      { sql: 'SELECT count(*) FROM parent' },
      { sql: 'DELETE FROM parent WHERE name = :n', args: { n: 'x' } },
    ]);
    assert.deepEqual(
      results.map((r) => r.changes),
      [1, 1, 0, 1],
    );
    assert.deepEqual(results[2]!.rows, [[2]]);
    for (const member of members) {
      await applied(member, position);
      assert.deepEqual(await parents(member), ['y']);
    }
  });

  test(`a batch with an error anywhere does nothing at all ${through}`, async () => {
    const db = members[which]!;
    await db.execute(INSERT, ['there']);
    const spoilers = [
      { sql: INSERT, args: ['there'] },
      { sql: 'INSERT INTO nowhere VALUES (1)' },
      { sql: 'INSERT INTO child VALUES (4711)' }, // deferred: fails at COMMIT only
      { sql: "INSERT OR ROLLBACK INTO parent(name) VALUES ('there')" },
      { sql: 'SELECT syntax error' },
    ];
    for (const spoiler of spoilers) {
      const good = { sql: INSERT, args: ['good'] };
      await assert.rejects(db.batch([good, spoiler, { sql: 'DELETE FROM parent' }]), {
        code: 'SQL',
      });
      await assert.rejects(db.batch([good, spoiler]), { code: 'SQL' });
    }
    const { position } = await db.execute(INSERT, ['last']);
    for (const member of members) {
      await applied(member, position);
      assert.deepEqual(await parents(member), ['there', 'last']);
    }
  });

  test(`a spoiled write fails alone, whatever ran beside it ${through}`, async () => {
    const db = members[which]!;
    await db.execute(INSERT, ['taken']);
    const spoiled = [
      INSERT.replace('?', "'taken'"),
      "INSERT OR ROLLBACK INTO parent(name) VALUES ('taken')",
      'INSERT INTO child VALUES (4711)',
    ];
    const all = Array.from({ length: 60 }, (_, i) =>
      i % 5 === 4
        ? assert.rejects(db.execute(spoiled[i % 3]!), { code: 'SQL' })
        : db.execute(INSERT, [`n${i}`]),
    );
    await Promise.all(all);
    const { position } = await db.execute(INSERT, ['last']);
    for (const member of members) {
      await applied(member, position);
      assert.equal((await parents(member)).length, 50);
    }
  });

  test(`errors carry SQLite's own code and words ${through}`, async () => {
    const db = members[which]!;
    await db.execute(INSERT, ['x']);
    const expect = (code: string, errcode: number, message: RegExp) => (error: unknown) => {
      const {
        sqlite,
        category,
        message: text,
      } = error as Error & {
        sqlite: unknown;
        category: string;
      };
      assert.deepEqual({ category, sqlite }, { category: 'rejected', sqlite: { code, errcode } });
      assert.match(text, message);
      return true;
    };
    await assert.rejects(
      db.execute(INSERT, ['x']),
      expect('SQLITE_CONSTRAINT', 2067, /UNIQUE.*parent\.name/),
    );
    await assert.rejects(db.execute('SELEC 1'), expect('SQLITE_ERROR', 1, /syntax error/));
    await assert.rejects(
      db.execute('INSERT INTO child VALUES (1234)'),
      expect('SQLITE_CONSTRAINT', 787, /FOREIGN KEY/),
    );
    await assert.rejects(
      db.execute('INSERT INTO parent(name) VALUES (NULL)'),
      expect('SQLITE_CONSTRAINT', 1299, /NOT NULL/),
    );
  });

  test(`what clients may not do is refused ${through}, and changes nothing`, async () => {
    const db = members[which]!;
    const forbidden = [
      "ATTACH ':memory:' AS other",
      'DETACH main',
      'PRAGMA journal_mode=DELETE',
      'PRAGMA synchronous=OFF',
      'PRAGMA locking_mode=EXCLUSIVE',
      'PRAGMA wal_checkpoint(TRUNCATE)',
      'PRAGMA page_size=8192',
      'PRAGMA writable_schema=1',
      "SELECT load_extension('x')",
      'VACUUM',
      "VACUUM INTO '/tmp/never'",
      'CREATE TEMP TABLE tt(x)',
      'CREATE TEMP VIEW tv AS SELECT 1',
      'CREATE TABLE _paceline_x(x)',
      'DROP TABLE _paceline',
      'DELETE FROM _paceline',
      'UPDATE _paceline SET rowid = 5',
      'ALTER TABLE parent RENAME TO _paceline2',
      'BEGIN',
      'COMMIT',
      'ROLLBACK',
      'SAVEPOINT s',
    ];
    for (const sql of forbidden) {
      const refused = { code: 'STATEMENT_FORBIDDEN', category: 'rejected' };
      await assert.rejects(db.execute(sql), refused, sql);
      await assert.rejects(db.batch([{ sql: INSERT, args: ['no'] }, { sql }]), refused, sql);
    }
    const { position } = await db.execute(INSERT, ['yes']);
    for (const member of members) {
      await applied(member, position);
      assert.deepEqual(await parents(member), ['yes']);
    }
  });

  test(`nothing, and several statements in one text, are refused ${through}`, async () => {
    const db = members[which]!;
    for (const sql of ['', '  ', '-- only a comment'])
      await assert.rejects(db.execute(sql), { code: 'STATEMENT_EMPTY' });
    await assert.rejects(db.execute('SELECT 1; SELECT 2'), { code: 'STATEMENTS_MANY' });
    assert.deepEqual((await db.execute('SELECT 1; -- and no more')).rows, [[1]]);
    await assert.rejects(db.execute(5 as unknown as string), { code: 'REQUEST_INVALID' });
    await assert.rejects(db.batch([]), { code: 'REQUEST_INVALID' });
    await assert.rejects(db.batch([null] as never), { code: 'REQUEST_INVALID' });
    for (const id of ['', 'x'.repeat(129), 5])
      await assert.rejects(db.execute('SELECT 1', [], { id: id as string }), {
        code: 'REQUEST_INVALID',
      });
    for (const options of [{ Id: 'one' }, { timeoutMS: 1 }, null])
      await assert.rejects(db.execute('SELECT 1', [], options as never), {
        code: 'REQUEST_INVALID',
      });
  });
}
