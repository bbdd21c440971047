import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freeAddresses } from '../cluster/addresses.ts';
import { until } from '../cluster/until.ts';
import { Lines, Local, leaderFirst } from './fixture.ts';

/** Everything about members that do not belong together. */
async function stranger(t: { after: (fn: () => Promise<void>) => void }, how: object) {
  const local = new Local(t);
  const members = await freeAddresses(['a', 'b', 'c']);
  const lines = { a: new Lines(), b: new Lines(), c: new Lines() };
  const open = (id: 'a' | 'b' | 'c', more = {}) =>
    local.open({ members, secret: 'known', id, logger: lines[id], ...more });
  const others = await Promise.all([open('a'), open('b')]);
  const odd = await open('c', typeof how === 'function' ? how(members) : how);
  return { odd, others, lines };
}

const ODD: Record<string, { how: object; code: RegExp }> = {
  'another secret': { how: { secret: 'guessed' }, code: /secret/ },
  'no secret': { how: { secret: undefined }, code: /secret/ },
  'another cluster name': { how: { cluster: 'another' }, code: /cluster/ },
};

for (const [what, { how, code }] of Object.entries(ODD)) {
  test(`a member with ${what} is not admitted, both sides say why, and the others work`, async (t) => {
    const { odd, others, lines } = await stranger(t, how);
    const [leader, follower] = await leaderFirst(others);
    await follower!.execute('CREATE TABLE t(x)');
    await until('both sides logged it', () => {
      const others = [...lines.a.errors(), ...lines.b.errors()];
      return others.some((m) => code.test(m)) && lines.c.errors().some((m) => code.test(m));
    });
    const write = odd.execute('CREATE TABLE u(x)', [], { timeoutMs: 500 });
    await assert.rejects(write, { code: 'NO_LEADER' });
    const { members } = await leader!.status();
    assert.equal(members.find(({ id }) => id === 'c')!.connected, false);
    assert.equal((await odd.status()).appliedIndex, 0);
    const read = odd.query('SELECT 1', [], { level: 'eventual', timeoutMs: 100 });
    await assert.rejects(read, { code: 'NOT_READY' });
  });
}

test('a member with another list of members is not admitted, both sides say why, and the others work', async (t) => {
  const local = new Local(t);
  const members = await freeAddresses(['a', 'b', 'c']);
  const lines = { a: new Lines(), c: new Lines() };
  const others = await Promise.all([
    local.open({ members, id: 'a', logger: lines.a }),
    local.open({ members, id: 'b' }),
  ]);
  const odd = await local.open({
    members: { a: members.a!, c: members.c! },
    id: 'c',
    logger: lines.c,
  });
  const [, follower] = await leaderFirst(others);
  await follower!.execute('CREATE TABLE t(x)');
  await until(
    'both sides logged it',
    () => lines.a.errors().length > 0 && lines.c.errors().length > 0,
  );
  for (const message of [...lines.a.errors(), ...lines.c.errors()])
    assert.match(message, /members|cluster/);
  await assert.rejects(odd.execute('CREATE TABLE u(x)', [], { timeoutMs: 500 }), {
    code: 'NO_LEADER',
  });
});
