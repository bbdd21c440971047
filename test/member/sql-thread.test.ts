import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeWrite } from '../../src/api/wire.ts';
import { DatabaseChecksum } from '../../src/redo/checksum.ts';
import { until } from '../cluster/until.ts';
import { SqlThreadFixture } from './sql-thread-fixture.ts';

const ROW = 'INSERT INTO t(v) VALUES (hex(randomblob(2000)))';

test('writes are refused with NOT_LEADER before it leads, whoever asks, and before there is a database to write to', async (t) => {
  const thread = new SqlThreadFixture(t);
  assert.deepEqual(await thread.answers(thread.write('SELECT 1')), ['NOT_LEADER']);
  await thread.begin();
  assert.deepEqual(await thread.answers(thread.write('SELECT 1', 'SELECT 2')), [
    'NOT_LEADER',
    'NOT_LEADER',
  ]);
  const bytes = encodeWrite({ id: 'request', asks: false, statements: [{ sql: 'SELECT 1' }] });
  thread.forward(9, bytes);
  const { key, error } = await thread.fromSql('forwarded-error');
  assert.deepEqual([key, error.code], [9, 'NOT_LEADER']);
  assert.deepEqual(thread.log, []);
});

test('a leader begins its term with an entry, executes in the order of arrival, and stops where it says', async (t) => {
  const thread = await new SqlThreadFixture(t).begin();
  await thread.lead(3);
  assert.deepEqual(
    thread.log.map(({ term, index }) => ({ term, index })),
    [
      { term: 3, index: 1 },
      { term: 3, index: 2 },
    ],
  );
  const insert = (v: number) => `INSERT INTO t(v) VALUES (${v})`;
  const positions = await thread.answers(thread.write(insert(1), insert(2), insert(3)));
  assert.deepEqual(positions.at(-1), { term: 3, index: thread.log.at(-1)!.index });
  thread.order({ type: 'step-down', gently: false });
  const { position } = await thread.fromSql('stepped-down');
  assert.deepEqual(position, positions.at(-1));
  assert.deepEqual(await thread.answers(thread.write(insert(4))), ['NOT_LEADER']);
  thread.commit(position.index);
  await thread.close();
  assert.deepEqual(thread.mainFile(), { position, rows: [1, 2, 3] });
});

test('a forwarded write that does not decode is refused, and the next one is done', async (t) => {
  const thread = await new SqlThreadFixture(t).begin();
  await thread.lead(1);
  const bytes = encodeWrite({ id: 'request', asks: false, statements: [{ sql: 'SELECT 1' }] });
  const half = bytes.slice(0, bytes.length >> 1);
  thread.forward(1, half, bytes);
  const { key, error } = await thread.fromSql('forwarded-error');
  assert.deepEqual([key, error.code], [1, 'RECORD_DAMAGED']);
  assert.deepEqual((await thread.fromSql('forwarded-results')).keys, [2]);
});

/** A leader's log with so many entries, all of them known. */
async function logOf(leader: SqlThreadFixture, rows: number) {
  await (await leader.begin()).lead(1);
  for (let v = 1; v <= rows; v++)
    await leader.answers(leader.write(`INSERT INTO t(v) VALUES (${v})`));
  return leader.log;
}

test('a follower applies entries in their order, once each, and one that is elected goes on behind them', async (t) => {
  const log = await logOf(new SqlThreadFixture(t), 5);
  const follower = await new SqlThreadFixture(t).begin();
  follower.apply(...log.slice(0, 3));
  await until('three entries', () => follower.allToLoop('applied').at(-1)?.position.index === 3);
  // All in one turn: what was applied before comes again, then the rest, then the election.
  follower.apply(...log.slice(1, 4));
  follower.apply(...log.slice(4));
  follower.order({ type: 'lead', term: 2 });
  await until('the entry that starts the term', () => follower.log.length === 1);
  const { term, index } = follower.log[0]!;
  assert.deepEqual({ term, index }, { term: 2, index: log.length + 1 });
  follower.commit(index);
  await follower.close();
  assert.deepEqual(follower.mainFile(), { position: { term, index }, rows: [1, 2, 3, 4, 5] });
});

test('what the log discarded is undone, and what comes instead is applied', async (t) => {
  const leader = new SqlThreadFixture(t);
  const log = await logOf(leader, 4);
  leader.commit(3);
  leader.order(
    { type: 'step-down', gently: false },
    { type: 'roll-back', to: { term: 1, index: 3 } },
  );
  assert.deepEqual((await leader.fromSql('rolled-back')).position, { term: 1, index: 3 });
  const other = await new SqlThreadFixture(t).begin();
  other.apply(...log.slice(0, 3));
  await (await other).lead(2);
  await other.answers(other.write("INSERT INTO t(v) VALUES ('instead')"));
  leader.apply(...other.log);
  const last = other.log.at(-1)!;
  await until('all is applied', () =>
    leader.allToLoop('applied').some(({ position }) => position.index === last.index),
  );
  leader.commit(last.index);
  await leader.close();
  const position = { term: last.term, index: last.index };
  assert.deepEqual(leader.mainFile(), { position, rows: [1, 'instead'] });
});

test('close answers every write that waits, and is answered once', async (t) => {
  const thread = await new SqlThreadFixture(t).begin();
  await thread.lead(1);
  // One message each, so that each is an entry, until no more may be on the way.
  const keys: number[] = [];
  for (let i = 0; i < 400; i++) {
    keys.push(...thread.write(ROW));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await until('writes that wait', () => thread.shared.wantsCommit);
  const last = thread.write(ROW);
  thread.order({ type: 'close' }, { type: 'close' });
  const codes = await thread.answers([...keys, ...last]);
  assert.equal(codes.at(-1), 'NOT_LEADER');
  await thread.fromSql('closed');
  assert.equal(thread.allToLoop('closed').length, 1);
});

test('a full disk, which keeps what is not committed from being undone, does not keep it from closing', async (t) => {
  const thread = await new SqlThreadFixture(t).begin();
  await thread.lead(1);
  const committed = thread.log.at(-1)!;
  await thread.answers(thread.write(ROW));
  thread.full = true;
  await thread.close();
  assert.ok(thread.log.at(-1)!.index > committed.index);
  assert.deepEqual(
    thread.allToLoop('warning').map(({ message }) => message),
    [
      'no room left to write the WAL',
      'closed with entries in the database that are not known to be committed',
    ],
  );
});

test('a start that has to undo something, for which there is no room, ends with that error, and the next one undoes it', async (t) => {
  const crashed = await (await new SqlThreadFixture(t).begin()).lead(1);
  const { term, index } = crashed.log.at(-1)!;
  await crashed.answers(crashed.write(ROW));
  crashed.full = true;
  await crashed.close();
  const begin = {
    type: 'begin',
    at: { term, index },
    checksum: new DatabaseChecksum().take(),
  } as const;
  const full = new SqlThreadFixture(t, {}, crashed.dir);
  full.full = true;
  full.order(begin);
  assert.equal((await full.fromSql('fault')).error.code, 'DISK_FULL');
  assert.deepEqual(full.allToLoop('begun'), []);
  await full.close();
  const again = new SqlThreadFixture(t, {}, crashed.dir);
  again.order(begin);
  await again.fromSql('begun');
  again.commit(index);
  await again.close();
  assert.deepEqual(again.mainFile(), { position: { term, index }, rows: [] });
});

/** More than the WAL's limit below, and little enough to be copied in one go while work is paused. */
const FEW = 40;

test('closed while a checkpoint waits for the commit index, the main file has only what is committed', async (t) => {
  const thread = await new SqlThreadFixture(t, { checkpointWalBytes: 50_000 }).begin();
  await thread.lead(1);
  const committed = thread.log.at(-1)!;
  const keys: number[] = [];
  for (let i = 0; i < FEW && !thread.shared.wantsCommit; i++) {
    keys.push(...thread.write(ROW));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await until('a checkpoint that waits', () => thread.shared.wantsCommit);
  await thread.close();
  const codes = await thread.answers(keys);
  assert.ok(codes.length > 0 && thread.log.at(-1)!.index > committed.index);
  const { position, rows } = thread.mainFile();
  assert.deepEqual([position.index, rows.length], [committed.index, 0]);
});

test('what a majority has committed, and this member’s own disk not yet, stays out of the main file', async (t) => {
  const thread = await new SqlThreadFixture(t, { checkpointWalBytes: 50_000 }).begin();
  await thread.lead(1);
  const before = thread.log.at(-1)!;
  for (let i = 0; i < FEW && !thread.shared.wantsCommit; i++) {
    thread.write(ROW);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await until('a checkpoint that waits', () => thread.shared.wantsCommit);
  thread.shared.setCommitted(thread.log.at(-1)!.index);
  await thread.close();
  assert.ok(thread.log.at(-1)!.index > before.index);
  assert.equal(thread.mainFile().position.index, before.index);
});
