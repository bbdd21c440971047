import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { LocalDatabase, SqlValue } from '../../src/index.ts';
import { applied, Local } from './fixture.ts';

const VALUES: readonly (readonly [SqlValue, string])[] = [
  [null, 'null'],
  [0, 'integer'],
  [-1, 'integer'],
  [Number.MAX_SAFE_INTEGER, 'integer'],
  [Number.MIN_SAFE_INTEGER, 'integer'],
  [2n ** 53n, 'integer'],
  [-(2n ** 53n), 'integer'],
  [2n ** 63n - 1n, 'integer'],
  [-(2n ** 63n), 'integer'],
  [0.1, 'real'],
  [-1.5e-300, 'real'],
  [Number.MAX_VALUE, 'real'],
  [Number.MIN_VALUE, 'real'],
  [2 ** 60, 'real'],
  [Number.POSITIVE_INFINITY, 'real'],
  [Number.NEGATIVE_INFINITY, 'real'],
  ['', 'text'],
  ['plain', 'text'],
  ['Grüße, 世界, 👩‍🚀', 'text'],
  ['x'.repeat(100_000), 'text'],
  [new Uint8Array(0), 'blob'],
  [Uint8Array.from({ length: 256 }, (_, i) => i), 'blob'],
  [new Uint8Array(70_000).fill(7), 'blob'],
];

const local = new Local({ after });
let members: LocalDatabase[];

before(async () => {
  members = await local.openAll(['a', 'b', 'c']);
  await members[0]!.execute('CREATE TABLE v(n INTEGER PRIMARY KEY, x)');
});

for (const [which, name] of ['the leader', 'a follower'].entries()) {
  test(`every kind of value goes in and comes out unchanged through ${name}`, async () => {
    for (const [value, type] of VALUES) {
      const sql = 'INSERT INTO v(x) VALUES (?) RETURNING x, typeof(x)';
      const { rows, position } = await members[which]!.execute(sql, [value]);
      same(rows[0]!, [value, type]);
      for (const member of members) {
        await applied(member, position);
        const read = 'SELECT x, typeof(x) FROM v ORDER BY n DESC LIMIT 1';
        same((await member.query(read)).rows[0]!, [value, type]);
      }
    }
  });

  test(`arguments by name and by number reach the statement through ${name}`, async () => {
    const db = members[which]!;
    const named = await db.execute('INSERT INTO v(x) VALUES (:a || $b || @c) RETURNING x', {
      a: '1',
      $b: '2',
      '@c': '3',
    });
    assert.deepEqual(named.rows, [['123']]);
    const numbered = await db.execute('INSERT INTO v(x) VALUES (?2 - ?1) RETURNING x', [1, 10]);
    assert.deepEqual(numbered.rows, [[9]]);
  });

  test(`a large rowid is told without loss through ${name}`, async () => {
    const rowid = 2n ** 62n + BigInt(which);
    const { lastInsertRowid } = await members[which]!.execute('INSERT INTO v VALUES (?, 1)', [
      rowid,
    ]);
    assert.equal(lastInsertRowid, rowid);
    await members[which]!.execute('DELETE FROM v WHERE n = ?', [rowid]);
  });

  test(`what is no value is refused through ${name}, and nothing is written`, async () => {
    const db = members[which]!;
    const wrong = [
      Number.NaN,
      true,
      Symbol('s'),
      () => 1,
      undefined,
      {},
      [1],
      new Date(),
      2n ** 63n,
    ];
    // Asked of the leader: a follower may hear of earlier writes only now.
    const before = (await db.execute('SELECT count(*) FROM v')).rows;
    for (const value of wrong) {
      const args = [value] as unknown as SqlValue[];
      const refused = { name: 'PacelineError', code: 'ARGUMENTS_INVALID', category: 'rejected' };
      await assert.rejects(db.execute('INSERT INTO v(x) VALUES (?)', args), refused);
      await assert.rejects(db.batch([{ sql: 'INSERT INTO v(x) VALUES (?)', args }]), refused);
      await assert.rejects(db.query('SELECT ?', args), refused);
    }
    assert.deepEqual((await db.execute('SELECT count(*) FROM v')).rows, before);
  });

  test(`too few, too many and misnamed arguments are refused through ${name}`, async () => {
    const db = members[which]!;
    for (const args of [[], [1, 2], { b: 1 }, { a: 1, b: 2 }]) {
      const refused = { code: 'ARGUMENTS_INVALID' };
      const sql = Array.isArray(args)
        ? 'INSERT INTO v(x) VALUES (?)'
        : 'INSERT INTO v(x) VALUES (:a)';
      await assert.rejects(db.execute(sql, args as SqlValue[]), refused);
      const read = Array.isArray(args) ? 'SELECT ?' : 'SELECT :a';
      await assert.rejects(db.query(read, args as SqlValue[]), refused);
    }
  });
}

/** Type and content of each value, blobs by their bytes. */
function same(actual: readonly SqlValue[], expected: readonly SqlValue[]): void {
  const plain = (value: SqlValue) => (value instanceof Uint8Array ? [...value] : value);
  assert.deepEqual(actual.map(plain), expected.map(plain));
  assert.deepEqual(
    actual.map((v) => typeof v),
    expected.map((v) => typeof v),
  );
}
