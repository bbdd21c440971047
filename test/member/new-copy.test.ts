import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { test } from 'node:test';
import { freeAddresses } from '../cluster/addresses.ts';
import { until } from '../cluster/until.ts';
import { Local } from './fixture.ts';

const ids = ['a', 'b', 'c'];
const READ = 'SELECT count(*) FROM t';
const LEVELS = ['eventual', 'session', 'bounded'] as const;

test('a member whose directory was emptied serves no reads before it has caught up, and then does by itself', async (t) => {
  const local = new Local(t);
  const all = await local.openAll(ids);
  const [leader, one, other] = all as [(typeof all)[0], (typeof all)[0], (typeof all)[0]];
  await leader.execute('CREATE TABLE t(v)');
  await leader.execute('INSERT INTO t VALUES (1)');
  const { id, members } = await one.status();
  await one.close();
  rmSync(local.dir(id), { recursive: true });
  await other.close();
  await leader.close();
  const addresses = Object.fromEntries(members.map((member) => [member.id, member.address]));
  const listen = addresses[id]!;
  const empty = await local.open({ id, members: addresses, listen });
  for (const level of LEVELS) {
    const options = level === 'bounded' ? { level, maxLagEntries: 1000 } : { level };
    const asked = empty.query(READ, [], { ...options, timeoutMs: 50 });
    await assert.rejects(asked, { code: 'NOT_READY', message: /began empty/ }, level);
  }
  assert.throws(() => empty.prepare(READ, { level: 'eventual', timeoutMs: 50 }).all(), {
    code: 'NOT_READY',
  });
  const waiting = empty.query(READ, [], { level: 'eventual' });
  for (const other of ids.filter((name) => name !== id))
    await local.open({ id: other, members: addresses, listen: addresses[other]! });
  assert.deepEqual((await waiting).rows, [[1]]);
  assert.deepEqual(empty.prepare(READ, { level: 'eventual' }).raw().all(), [[1]]);
});

test('the members of a new cluster serve reads as soon as it has a leader', async (t) => {
  const local = new Local(t);
  const members = await freeAddresses(ids);
  const [first] = await Promise.all(ids.map((id) => local.open({ members, id })));
  const { rows } = await first!.query('SELECT count(*) FROM sqlite_schema', [], {
    level: 'eventual',
  });
  assert.ok(Number(rows[0]![0]) > 0, 'it has what the leader began with');
});

test('a member that has something serves it again without the others', async (t) => {
  const local = new Local(t);
  const all = await local.openAll(ids);
  await all[0]!.execute('CREATE TABLE t(v)');
  const { members } = await all[0]!.status();
  await until('all have it', async () => {
    const statuses = await Promise.all(all.map((db) => db.status()));
    return statuses.every(({ appliedIndex }) => appliedIndex === statuses[0]!.appliedIndex);
  });
  const { id } = await all[1]!.status();
  for (const db of all) await db.close();
  const addresses = Object.fromEntries(members.map((member) => [member.id, member.address]));
  const again = await local.open({ id, members: addresses, listen: addresses[id]! });
  assert.deepEqual((await again.query(READ, [], { level: 'eventual' })).rows, [[0]]);
});
