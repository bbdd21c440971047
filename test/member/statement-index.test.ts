import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { LocalDatabase } from '../../src/api/database.ts';
import type { Statement } from '../../src/api/request.ts';
import { PacelineError } from '../../src/index.ts';
import { Local } from './fixture.ts';

const local = new Local({ after });
let members: LocalDatabase[];

before(async () => {
  members = await local.openAll(['a', 'b', 'c']);
  await members[0]!.batch([
    { sql: 'CREATE TABLE t(id INTEGER PRIMARY KEY, v UNIQUE)' },
    { sql: 'CREATE TABLE part(t REFERENCES t(id) DEFERRABLE INITIALLY DEFERRED)' },
    { sql: "INSERT INTO t VALUES (1, 'taken')" },
  ]);
});

const GOOD: Statement = { sql: 'SELECT count(*) FROM t' };
const INSERT = 'INSERT INTO t(v) VALUES (?)';
/** What a statement may do wrong, and the code of the error. */
const WRONG: readonly (readonly [code: string, wrong: Statement])[] = [
  ['SQL', { sql: INSERT, args: ['taken'] }],
  ['SQL', { sql: "INSERT OR ROLLBACK INTO t(v) VALUES ('taken')" }],
  ['SQL', { sql: `${INSERT} RETURNING id`, args: ['taken'] }],
  ['SQL', { sql: 'SELEC' }],
  ['STATEMENT_FORBIDDEN', { sql: 'PRAGMA journal_mode=DELETE' }],
  ['STATEMENTS_MANY', { sql: 'SELECT 1; SELECT 2' }],
  ['STATEMENT_EMPTY', { sql: '--' }],
  ['ARGUMENTS_INVALID', { sql: INSERT, args: [] }],
  ['ARGUMENTS_INVALID', { sql: INSERT, args: [true as never] }],
  ['REQUEST_INVALID', { sql: 7 as never }],
];

/** What the call rejects with: code and statement. */
function failure(call: Promise<unknown>): Promise<unknown[]> {
  return call.then(
    (value) => assert.fail(`no error, but ${JSON.stringify(value)}`),
    (error: unknown) => {
      assert.ok(error instanceof PacelineError, String(error));
      return [error.code, error.statementIndex];
    },
  );
}

for (const [which, name] of ['the leader', 'a follower'].entries()) {
  const through = `through ${name}`;

  test(`the error of a batch says which statement it was, a retry by its id says the same ${through}`, async () => {
    const db = members[which]!;
    for (const [i, [code, wrong]] of WRONG.entries()) {
      const label = `${code} ${wrong.sql}`;
      assert.deepEqual(await failure(db.batch([GOOD, GOOD, wrong, GOOD])), [code, 2], label);
      assert.deepEqual(await failure(db.batch([wrong, wrong])), [code, 0], label);
      assert.deepEqual(await failure(db.batch([wrong])), [code, 0], label);
      assert.deepEqual(await failure(db.execute(wrong.sql, wrong.args)), [code, undefined], label);
      const id = `${which}.${i}`;
      for (let attempt = 0; attempt < 2; attempt++)
        assert.deepEqual(await failure(db.batch([GOOD, wrong], { id })), [code, 1], label);
    }
    const off = { sql: 'PRAGMA foreign_keys=off' };
    const rebuild = [off, GOOD, off, { sql: INSERT, args: ['taken'] }];
    assert.deepEqual(await failure(db.batch(rebuild)), ['SQL', 3]);
  });

  test(`what is no one statement’s fault names none ${through}`, async () => {
    const orphan = { sql: 'INSERT INTO part VALUES (99)' };
    assert.deepEqual(await failure(members[which]!.batch([orphan, GOOD])), ['SQL', undefined]);
    assert.deepEqual(await failure(members[which]!.batch([])), ['REQUEST_INVALID', undefined]);
  });

  test(`so does the error of a batch within a transaction, of either kind ${through}`, async () => {
    const db = members[which]!;
    for (const [code, wrong] of WRONG) {
      if (wrong.sql.toString().includes('OR ROLLBACK')) continue; // ends the transaction
      const tx = await db.transaction('write');
      assert.deepEqual(await failure(tx.batch([GOOD, wrong])), [code, 1], wrong.sql);
      assert.deepEqual(await failure(tx.batch([wrong])), [code, 0], wrong.sql);
      assert.deepEqual(await failure(tx.execute(wrong.sql, wrong.args)), [code, undefined]);
      await tx.rollback();
    }
    const reads = await db.transaction('read');
    assert.deepEqual(await failure(reads.batch([GOOD, { sql: INSERT, args: [1] }])), [
      'READ_ONLY',
      1,
    ]);
    assert.deepEqual(await failure(reads.batch([{ sql: 'SELEC' }])), ['SQL', 0]);
    await reads.close();
  });

  test(`a load names the item, counted from the first ${through}`, async () => {
    const items = [...Array(25).keys()].map((n) => [n === 17 ? 'taken' : `${which}.${n}`]);
    const load = members[which]!.load(INSERT, items, { chunkItems: 10 });
    assert.deepEqual(await failure(load), ['SQL', 17]);
  });
}
