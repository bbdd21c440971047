import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Durability, Reached } from '../../src/api/durability.ts';
import { Local } from './fixture.ts';

const INSERT = 'INSERT INTO t VALUES (?)';

test('what open() is told is the durability of every write that names none, through any member and in any form', async (t) => {
  const members = await new Local(t).openAll(['a', 'b', 'c'], { durability: 'all' });
  await members[0]!.execute('CREATE TABLE t(v)');
  for (const db of members) {
    const reached: Reached[] = [
      (await db.execute(INSERT, [1])).reached,
      (await db.execute(INSERT, [2], { id: `${members.indexOf(db)}` })).reached,
      (await db.batch([{ sql: INSERT, args: [3] }])).reached,
    ];
    const tx = await db.transaction('write');
    await tx.execute(INSERT, [4]);
    reached.push((await tx.commit()).reached);
    for (const one of reached) assert.deepEqual(one, { committed: true, members: ['a', 'b', 'c'] });
    const { reached: less } = await db.execute(INSERT, [5], { durability: 'local' });
    assert.ok(less.members!.length >= 1);
  }
});

test('a durability that the cluster cannot have is no default', async (t) => {
  const local = new Local(t);
  for (const durability of ['most', 0, 2, ['b'], []])
    await assert.rejects(local.open({ durability: durability as Durability }), {
      code: 'OPTIONS_INVALID',
    });
});
