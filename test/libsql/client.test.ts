import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Client } from '@libsql/client';
import type { LocalDatabase } from '../../src/api/database.ts';
import { libsqlClient } from '../../src/libsql/client.ts';
import type { LibsqlClient } from '../../src/libsql/shapes.ts';
import { Local } from '../member/fixture.ts';

const local = new Local({ after });
let handles: LocalDatabase[];

before(async () => {
  handles = (await local.openAll(['a', 'b', 'c'])) as LocalDatabase[];
});

/** Compiles only if the shape is the package's own. */
function client(db: LocalDatabase): LibsqlClient & Client {
  return libsqlClient(db);
}

let tables = 0;

for (const [which, name] of ['the leader', 'a follower'].entries()) {
  const through = `through ${name}`;
  const open = () => client(handles[which]!);

  async function withTable() {
    const db = open();
    const table = `t${tables++}`;
    await db.execute(`CREATE TABLE ${table}(id INTEGER PRIMARY KEY, name TEXT UNIQUE, data BLOB)`);
    return { db, table };
  }

  test(`a statement is a string, a string with arguments, or an object ${through}`, async () => {
    const { db, table } = await withTable();
    await db.execute(`INSERT INTO ${table}(name) VALUES ('plain')`);
    await db.execute(`INSERT INTO ${table}(name) VALUES (?)`, ['listed']);
    const args = { name: 'named' };
    const result = await db.execute({ sql: `INSERT INTO ${table}(name) VALUES ($name)`, args });
    assert.equal(result.rowsAffected, 1);
    assert.equal(result.lastInsertRowid, 3n);
    const { rows } = await db.execute(`SELECT name FROM ${table} ORDER BY id`);
    assert.deepEqual(
      rows.map((row) => row.name),
      ['plain', 'listed', 'named'],
    );
  });

  test(`a row is a plain object by name and an array by number, of the client's values ${through}`, async () => {
    const { db, table } = await withTable();
    const when = new Date(1_700_000_000_000);
    const sql = `INSERT INTO ${table} VALUES (?, ?, ?) RETURNING id, name AS id, data, ?, ?, ?, 2.5`;
    const inserted = await db.execute(sql, [5, 'five', new Uint8Array([1, 2]), true, when, null]);
    assert.deepEqual(inserted.columns.slice(0, 3), ['id', 'id', 'data']);
    const row = inserted.rows[0]!;
    const all = [5, 'five', new Uint8Array([1, 2]).buffer, 1, when.valueOf(), null, 2.5];
    assert.deepEqual(Array.from(row as ArrayLike<unknown>), all);
    assert.equal(row.id, 5, 'of columns with one name the first counts');
    assert.equal(Object.getPrototypeOf(row), Object.prototype);
    const read = await db.execute(`SELECT id, name, 9007199254740993 AS big FROM ${table}`);
    assert.deepEqual(read.rows, [{ id: 5, name: 'five', big: 9007199254740993n }]);
    assert.deepEqual(read.columnTypes, ['INTEGER', 'TEXT', '']);
    assert.equal(read.lastInsertRowid, undefined);
    assert.deepEqual(JSON.parse(JSON.stringify(read)), {
      columns: ['id', 'name', 'big'],
      columnTypes: ['INTEGER', 'TEXT', ''],
      rowsAffected: 0,
      rows: [[5, 'five', '9007199254740993']],
      lastInsertRowid: null,
    });
  });

  test(`a batch is atomic in each mode that writes, and its reads are of one state ${through}`, async () => {
    const { db, table } = await withTable();
    const insert = `INSERT INTO ${table}(name) VALUES (?)`;
    const count = `SELECT count(*) AS n FROM ${table}`;
    for (const mode of ['write', 'deferred'] as const) {
      const wrong = db.batch([[insert, ['twice']], { sql: insert, args: ['twice'] }], mode);
      await assert.rejects(wrong, { code: 'SQLITE_CONSTRAINT' });
      const results = await db.batch([{ sql: insert, args: [mode] }, count], mode);
      assert.equal(results[0]!.rowsAffected, 1);
    }
    for (const mode of ['read', 'deferred', 'write'] as const) {
      const both = await db.batch([count, `SELECT name FROM ${table} ORDER BY id`], mode);
      assert.equal(both[0]!.rows[0]!.n, 2);
      assert.deepEqual(both[1]!.rows, [{ name: 'write' }, { name: 'deferred' }]);
    }
    const writes = db.batch([count, { sql: insert, args: ['no'] }], 'read');
    await assert.rejects(writes, { code: 'SQLITE_READONLY' });
    const hidden = `WITH x AS (SELECT 'with') INSERT INTO ${table}(name) SELECT * FROM x`;
    const [, written] = await db.batch([count, hidden]);
    assert.equal(written!.rowsAffected, 1);
    assert.deepEqual(await db.batch([]), []);
  });

  test(`a migration rebuilds a table that others refer to ${through}`, async () => {
    const { db, table } = await withTable();
    await db.batch([
      `INSERT INTO ${table}(id) VALUES (1)`,
      `CREATE TABLE child_${table}(parent REFERENCES ${table}(id) ON DELETE CASCADE)`,
      `INSERT INTO child_${table} VALUES (1)`,
    ]);
    const results = await db.migrate([
      'PRAGMA foreign_keys=OFF;',
      `CREATE TABLE new_${table}(id INTEGER PRIMARY KEY, title TEXT)`,
      { sql: `INSERT INTO new_${table}(id, title) SELECT id, ? FROM ${table}`, args: ['x'] },
      `DROP TABLE ${table}`,
      `ALTER TABLE new_${table} RENAME TO ${table}`,
      'PRAGMA foreign_keys=ON;',
    ]);
    assert.equal(results.length, 6);
    const { rows } = await db.execute(`SELECT * FROM ${table}, child_${table}`);
    assert.deepEqual(rows, [{ id: 1, title: 'x', parent: 1 }]);
    const orphan = db.execute(`INSERT INTO child_${table} VALUES (9)`);
    await assert.rejects(orphan, { extendedCode: 'SQLITE_CONSTRAINT_FOREIGNKEY' });
    assert.deepEqual(await db.migrate([]), []);
  });

  test(`a script runs statement by statement, and what is between BEGIN and COMMIT at once ${through}`, async () => {
    const { db, table } = await withTable();
    await db.executeMultiple(`
      -- as the sqlite3 shell dumps
      PRAGMA foreign_keys=OFF;
      BEGIN TRANSACTION;
      INSERT INTO ${table}(name) VALUES ('a;b');
      CREATE TRIGGER on_${table} AFTER INSERT ON ${table} BEGIN SELECT 1; SELECT 2; END;
      COMMIT;
      INSERT INTO ${table}(name) VALUES ('c')`);
    const script = `INSERT INTO ${table}(name) VALUES ('d');
      BEGIN; INSERT INTO ${table}(name) VALUES ('e'); INSERT INTO ${table}(name) VALUES ('e'); END;
      INSERT INTO ${table}(name) VALUES ('f');`;
    await assert.rejects(db.executeMultiple(script), { code: 'SQLITE_CONSTRAINT' });
    await assert.rejects(db.executeMultiple(`BEGIN; DELETE FROM ${table}`), {
      code: 'REQUEST_INVALID',
    });
    const { rows } = await db.execute(`SELECT name FROM ${table} ORDER BY id`);
    assert.deepEqual(
      rows.map((row) => row.name),
      ['a;b', 'c', 'd'],
    );
  });

  test(`a transaction sees its own work, goes back to savepoints, and commits ${through}`, async () => {
    const { db, table } = await withTable();
    const tx = await db.transaction('write');
    await tx.execute({ sql: `INSERT INTO ${table}(name) VALUES (?)`, args: ['kept'] });
    await tx.execute('savepoint sp0');
    await tx.executeMultiple(`INSERT INTO ${table}(name) VALUES ('x'); DELETE FROM ${table};`);
    await tx.execute('rollback to savepoint sp0');
    const failing = [`INSERT INTO ${table}(name) VALUES ('too')`, 'INSERT INTO nowhere VALUES (1)'];
    await assert.rejects(tx.batch(failing), { code: 'SQLITE_ERROR' });
    const [seen] = await tx.batch([`SELECT name FROM ${table} ORDER BY id`]);
    assert.deepEqual(seen!.rows, [{ name: 'kept' }, { name: 'too' }], 'what succeeded stays');
    await tx.commit();
    assert.equal(tx.closed, true);
    await assert.rejects(tx.execute('SELECT 1'), { code: 'TRANSACTION_CLOSED' });
    await tx.rollback();
    assert.equal((await db.execute(`SELECT * FROM ${table}`)).rows.length, 2);
  });

  test(`a transaction in mode read is of one state, and refuses what writes ${through}`, async () => {
    const { db, table } = await withTable();
    const insert = `INSERT INTO ${table}(name) VALUES ('no')`;
    const count = `SELECT count(*) AS n FROM ${table}`;
    const writing = await db.transaction('write');
    const tx = await db.transaction('read');
    assert.deepEqual((await tx.execute(count)).rows, [{ n: 0 }], 'waits for no writer');
    await writing.execute(insert);
    await writing.commit();
    const [first, second] = await tx.batch([count, { sql: 'SELECT ? AS n', args: [true] }]);
    assert.deepEqual([first!.rows, second!.rows], [[{ n: 0 }], [{ n: 1 }]]);
    await assert.rejects(tx.execute(insert), { code: 'SQLITE_READONLY' });
    await tx.commit();
    assert.equal(tx.closed, true);
    const options = { reads: { level: 'strong', forward: true }, writes: { durability: 'all' } };
    const strong = await libsqlClient(handles[which]!, options as object).transaction('read');
    assert.deepEqual((await strong.execute(count)).rows, [{ n: 1 }]);
    strong.close();
  });

  test(`where one of several statements fails, the error says which ${through}`, async () => {
    const { db, table } = await withTable();
    const [good, wrong] = ['SELECT 1', 'SELECT * FROM nowhere'];
    const at = (statementIndex: number) => ({
      ...{ name: 'LibsqlBatchError', code: 'SQLITE_ERROR', statementIndex },
    });
    for (const mode of ['read', 'write', 'deferred'] as const) {
      await assert.rejects(db.batch([good, good, wrong], mode), at(2));
      await assert.rejects(db.batch([wrong], mode), at(0));
    }
    await assert.rejects(db.migrate([good, wrong]), at(1));
    await assert.rejects(db.migrate([wrong]), at(0));
    await assert.rejects(db.executeMultiple(`${good}; ${wrong}; ${good}`), at(1));
    const script = `PRAGMA foreign_keys=off; ${good}; BEGIN; ${good}; ${wrong}; COMMIT;`;
    await assert.rejects(db.executeMultiple(script), at(4));
    for (const mode of ['read', 'write'] as const) {
      const tx = await db.transaction(mode);
      await assert.rejects(tx.batch([good, wrong]), at(1));
      await assert.rejects(tx.executeMultiple(`${good}; ${good}; ${wrong}`), at(2));
      await tx.rollback();
    }
    const single = await db.execute(`SELECT missing FROM ${table}`).catch((error) => error);
    assert.equal(single.name, 'LibsqlError');
    assert.equal('statementIndex' in single, false);
  });

  test(`a transaction that is rolled back or closed leaves nothing ${through}`, async () => {
    const { db, table } = await withTable();
    for (const end of ['rollback', 'close'] as const) {
      const tx = await db.transaction();
      await tx.execute(`INSERT INTO ${table}(name) VALUES ('never')`);
      await tx[end]();
      assert.equal(tx.closed, true);
    }
    assert.equal((await db.execute(`SELECT * FROM ${table}`)).rows.length, 0);
  });

  test(`errors bear the codes that tools look at ${through}`, async () => {
    const { db, table } = await withTable();
    await db.execute(`INSERT INTO ${table}(id, name) VALUES (1, 'one')`);
    const unique = db.execute(`INSERT INTO ${table}(name) VALUES ('one')`);
    await assert.rejects(unique, {
      name: 'LibsqlError',
      code: 'SQLITE_CONSTRAINT',
      extendedCode: 'SQLITE_CONSTRAINT_UNIQUE',
      rawCode: 2067,
      message: `SQLITE_CONSTRAINT: UNIQUE constraint failed: ${table}.name`,
      category: 'rejected',
    });
    const key = db.execute(`INSERT INTO ${table}(id) VALUES (1)`);
    await assert.rejects(key, { extendedCode: 'SQLITE_CONSTRAINT_PRIMARYKEY', rawCode: 1555 });
    await assert.rejects(db.execute('SELEC 1'), { code: 'SQLITE_ERROR', rawCode: 1 });
    await assert.rejects(db.execute('SELECT * FROM nowhere'), { code: 'SQLITE_ERROR' });
    await assert.rejects(db.execute('BEGIN'), { code: 'SQLITE_AUTH', category: 'rejected' });
    await assert.rejects(db.execute('SELECT 1; SELECT 2'), { code: 'SQL_MANY_STATEMENTS' });
    await assert.rejects(db.execute('SELECT ?', []), { code: 'ARGS_INVALID' });
  });
}

test('after sync() a client reads what was committed before through any member', async () => {
  const [leader, follower] = [client(handles[0]!), client(handles[1]!)];
  await leader.execute('CREATE TABLE synced(v)');
  for (let n = 1; n <= 20; n++) {
    await leader.execute('INSERT INTO synced VALUES (?)', [n]);
    assert.equal(await follower.sync(), undefined);
    const { rows } = await follower.execute('SELECT count(*) AS n FROM synced');
    assert.equal(rows[0]!.n, n);
  }
});

test('a closed client refuses, its member goes on, and it can be opened again', async () => {
  const db = client(handles[0]!);
  assert.equal(db.protocol, 'file');
  db.close();
  assert.equal(db.closed, true);
  await assert.rejects(db.execute('SELECT 1'), { code: 'CLIENT_CLOSED' });
  assert.deepEqual((await handles[0]!.query('SELECT 1')).rows, [[1]]);
  db.reconnect();
  assert.deepEqual((await db.execute('SELECT 1 AS one')).rows, [{ one: 1 }]);
});
