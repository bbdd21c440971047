import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { freeAddresses } from '../cluster/addresses.ts';
import { until } from '../cluster/until.ts';
import { applied, Local } from './fixture.ts';

test('one member alone is a cluster: it leads, writes, reads, and keeps its data over a restart', async (t) => {
  const local = new Local(t);
  const db = await local.open();
  await db.execute('CREATE TABLE t(x)');
  const { position } = await db.execute("INSERT INTO t VALUES ('kept')", [], { id: 'one' });
  await db.close();
  const again = await local.open();
  assert.deepEqual((await again.query('SELECT x FROM t')).rows, [['kept']]);
  const repeated = await again.execute("INSERT INTO t VALUES ('kept')", [], { id: 'one' });
  assert.deepEqual(repeated.position, position);
  const more = await again.execute("INSERT INTO t VALUES ('more')");
  assert.ok(more.position.term > position.term && more.position.index > position.index);
});

test('two members form a cluster, and both are needed for a write', async (t) => {
  const [leader, follower] = await new Local(t).openAll(['a', 'b']);
  await follower!.execute('CREATE TABLE t(x)');
  const { position } = await leader!.execute('INSERT INTO t VALUES (1)');
  await applied(follower!, position);
  assert.deepEqual((await follower!.query('SELECT x FROM t')).rows, [[1]]);
  await leader!.close();
  const alone = follower!.execute('INSERT INTO t VALUES (2)', [], { timeoutMs: 1000 });
  await assert.rejects(alone, ({ code }) => ['NO_LEADER', 'OUTCOME_UNKNOWN'].includes(code));
});

test('close is idempotent, every call after it says CLOSED, and the directory is free', async (t) => {
  const local = new Local(t);
  const db = await local.open();
  const closings = [db.close(), db.close()];
  const closed = { name: 'PacelineError', code: 'CLOSED', category: 'rejected' };
  await assert.rejects(db.execute('SELECT 1'), closed);
  await Promise.all(closings);
  await db.close();
  await assert.rejects(db.execute('SELECT 1'), closed);
  await assert.rejects(db.batch([{ sql: 'SELECT 1' }]), closed);
  await assert.rejects(db.query('SELECT 1'), closed);
  await assert.rejects(db.status(), closed);
  await local.open();
});

test('a read is local and refuses to write; a read through execute works as well', async (t) => {
  const [leader, follower] = await new Local(t).openAll(['a', 'b']);
  const { position } = await leader!.execute('CREATE TABLE t(x)');
  await applied(follower!, position);
  for (const db of [leader!, follower!]) {
    const writes = ['INSERT INTO t VALUES (1)', 'DROP TABLE t', 'CREATE TABLE u(x)'];
    for (const sql of writes)
      await assert.rejects(db.query(sql), { code: 'READ_ONLY', category: 'rejected' });
    for (const sql of ["ATTACH ':memory:' AS m", 'PRAGMA journal_mode=DELETE', 'VACUUM', 'BEGIN'])
      await assert.rejects(db.query(sql), { category: 'rejected' });
    await assert.rejects(db.query('SELECT * FROM nowhere'), { code: 'SQL' });
    assert.deepEqual((await db.execute('SELECT count(*) FROM t')).rows, [[0]]);
    assert.deepEqual((await db.query('PRAGMA user_version')).rows, [[0]]);
  }
});

test('status tells who leads, the positions, the members and the sizes', async (t) => {
  const [leader, follower] = await new Local(t).openAll(['a', 'b']);
  const { position } = await leader!.execute('CREATE TABLE t(x)');
  await applied(follower!, position);
  const at = await until('a report', async () => {
    const status = await leader!.status();
    return status.position.index === position.index && status;
  });
  assert.equal(at.role, 'leader');
  assert.equal(at.leader, at.id);
  assert.deepEqual(at.position, position);
  assert.equal(at.term, position.term);
  for (const index of [at.commitIndex, at.appliedIndex, at.lastIndex])
    assert.equal(index, position.index);
  assert.ok(at.firstIndex >= 1 && at.firstIndex <= at.lastIndex);
  assert.match(at.checksum, /^[0-9a-f]{16}$/);
  assert.equal(at.pageSize, 4096);
  assert.ok(at.databaseBytes >= 8192 && at.databaseBytes % 4096 === 0);
  assert.ok(at.walBytes > 0 && at.logBytes > 0);
  assert.equal(at.snapshot, null);
  assert.equal(at.pid, process.pid);
  assert.ok(at.uptimeMs >= 0);
  const other = at.members.find(({ id }) => id !== at.id)!;
  assert.deepEqual(
    {
      connected: other.connected,
      voter: other.voter,
      match: other.matchIndex,
      lag: other.lagEntries,
    },
    { connected: true, voter: true, match: position.index, lag: 0 },
  );
  assert.equal(other.replication, 'replicate');
  assert.deepEqual([other.inflightEntries, other.inflightBytes], [0, 0]);
  assert.ok(other.queuedBytes >= 0);
  const there = await follower!.status();
  assert.deepEqual([there.role, there.leader, there.cluster], ['follower', at.id, at.cluster]);
  for (const { replication, inflightEntries, inflightBytes } of there.members)
    assert.deepEqual([replication, inflightEntries, inflightBytes], [null, null, null]);
});

test('status tells how old a copy is, which grows when nobody confirms what is committed', async (t) => {
  const [leader, ...followers] = await new Local(t).openAll(['a', 'b', 'c']);
  for (const db of [leader!, ...followers])
    await until('a known age', async () => (await db.status()).copyAgeMs !== null);
  const [left] = followers;
  await Promise.all([leader!.close(), followers[1]!.close()]);
  const aloneMs = performance.now();
  await until('an age that has grown', async () => {
    const askedMs = performance.now();
    const { copyAgeMs } = await left!.status();
    assert.ok(copyAgeMs !== null && copyAgeMs >= Math.floor(askedMs - aloneMs));
    return copyAgeMs > 500;
  });
});

test('status of a member that never heard a leader has no age', async (t) => {
  const members = await freeAddresses(['a', 'b']);
  const db = await new Local(t).open({ members });
  assert.equal((await db.status()).copyAgeMs, null);
});

test('a second open of the same directory is refused, and the first goes on', async (t) => {
  const local = new Local(t);
  const db = await local.open();
  await db.execute('CREATE TABLE t(x)');
  const refused = { code: 'DIRECTORY_IN_USE', category: 'rejected' };
  await assert.rejects(local.open(), refused);
  await assert.rejects(local.open({ id: 'b', dir: local.dir('a') }), refused);
  await db.execute('INSERT INTO t VALUES (1)');
});

test('the directory of another member or another cluster is refused, and stays as it is', async (t) => {
  const local = new Local(t);
  const db = await local.open();
  await db.execute('CREATE TABLE t AS SELECT 1 AS x');
  await db.close();
  const refused = { code: 'DIRECTORY_OF_ANOTHER', category: 'rejected' };
  const dir = local.dir('a');
  await assert.rejects(local.open({ id: 'b', dir }), refused);
  await assert.rejects(local.open({ cluster: 'another' }), refused);
  const members = await freeAddresses(['a', 'b']);
  await assert.rejects(local.open({ members }), refused);
  const again = await local.open();
  assert.deepEqual((await again.query('SELECT x FROM t')).rows, [[1]]);
});

test('an address that is taken is an error, and another try with a free one works', async (t) => {
  const local = new Local(t);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const { port } = server.address() as { port: number };
  const taken = local.open({ listen: `127.0.0.1:${port}` });
  await assert.rejects(taken, { code: 'ADDRESS_IN_USE', category: 'rejected' });
  const db = await local.open({ listen: '127.0.0.1:0' });
  await db.execute('SELECT 1');
});
