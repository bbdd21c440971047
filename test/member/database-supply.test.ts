import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { until } from '../cluster/until.ts';
import { AT, CHECKSUM, HELD, OFFER, PAGE, Supplied } from './supplied.ts';

test('news about the old database is void while a received one takes its place', async (t) => {
  const member = new Supplied(t);
  member.supply.rebuild('the database is damaged', false);
  await member.receive();
  // The SQL thread found this before it got the order, and tells it only now.
  member.supply.rebuild('a foreign process has written', false);
  member.tick();
  assert.deepEqual(
    member.requests().filter(({ frame }) => frame.type === 'open'),
    [],
  );
  assert.ok(existsSync(member.incomingFile), 'what was received is still there to be put in place');
  member.supply.installed(AT);
  assert.deepEqual([member.tracker.open, member.tracker.position], [true, AT]);
  member.nowMs += 60_000;
  member.tick();
  assert.deepEqual(member.requests(), []);
  assert.equal(member.installs.length, 1);
});

test('one that was received and cannot be used is fetched again, and its sender asked last', async (t) => {
  const member = new Supplied(t);
  member.supply.rebuild('the database is damaged', false);
  assert.equal(await member.receive(), 'b', 'a follower, not the leader');
  member.supply.rebuild('the database received is at another position', true);
  assert.equal(member.tracker.open, false);
  assert.equal(await member.receive(), 'c');
  member.supply.installed(AT);
  assert.equal(member.tracker.open, true);
});

test('the leader is told which part of its log has to stay, again and again until the database is in place', async (t) => {
  const member = new Supplied(t);
  const kept = () => member.requests().filter(({ frame }) => frame.type === 'keep-log');
  const keep = { to: 'c', frame: { type: 'keep-log', after: AT.index, bytes: PAGE.length } };
  member.supply.rebuild('the database is damaged', false);
  member.tick();
  member.reply('b', OFFER);
  member.tick();
  assert.deepEqual(kept(), [keep]);
  member.tick();
  assert.deepEqual(kept(), []);
  member.reply('b', { type: 'chunk', id: AT, offset: 0, data: PAGE });
  await until('the order to put it in place', () => member.installs.length > 0);
  member.nowMs += 1_000;
  member.tick();
  assert.deepEqual(kept(), [keep]);
  member.supply.installed(AT);
  member.nowMs += 1_000;
  member.tick();
  assert.deepEqual(kept(), []);
});

test('who is elected while it receives a database asks nobody to keep the log', (t) => {
  const member = new Supplied(t);
  member.supply.rebuild('the database is damaged', false);
  member.tick();
  member.reply('b', OFFER);
  member.elect();
  member.requests();
  member.nowMs += 1_000;
  member.tick();
  assert.deepEqual(member.requests(), []);
});

test('who keeps the log for a receiver knows from where on', (t) => {
  const member = new Supplied(t);
  member.request('b', { type: 'keep-log', after: 40, bytes: 5000 });
  assert.deepEqual(member.supply.logNeeds(member.nowMs), [{ from: 41, snapshotBytes: 5000 }]);
});

test('a member gives its database only if that is open, not to be replaced, and far enough', (t) => {
  const member = new Supplied(t, AT, CHECKSUM);
  const answers = () => member.replies().map(({ to, frame }) => `${to}: ${frame.type}`);
  member.request('b', { type: 'open', atLeast: 0 });
  assert.deepEqual(answers(), ['b: gone'], 'not open');
  member.tracker.installed(AT);
  member.request('b', { type: 'open', atLeast: 301 });
  assert.deepEqual(answers(), ['b: gone'], 'behind');
  member.request('b', { type: 'open', atLeast: 300 });
  assert.deepEqual(member.posted.at(-1), { type: 'hold-snapshot', ask: 1, atLeast: 300 });
  member.supply.fromSql({ type: 'snapshot-held', ask: 1, snapshot: HELD });
  assert.deepEqual(answers(), ['b: offer']);
  // The leader's log begins behind what this member has: it is about to be replaced itself.
  member.supply.behind(500, member.nowMs);
  member.request('b', { type: 'open', atLeast: 300 });
  assert.deepEqual(answers(), ['b: gone'], 'needs one itself');
});

test('a receiver learns at once that the database it reads is given up', (t) => {
  const member = new Supplied(t, AT, CHECKSUM);
  member.tracker.installed(AT);
  member.request('b', { type: 'open', atLeast: 0 });
  member.supply.fromSql({ type: 'snapshot-held', ask: 1, snapshot: HELD });
  member.replies();
  member.supply.rebuild('the database is damaged', false);
  const [reply] = member.replies();
  assert.equal(reply?.frame.type, 'gone');
});

test('a state that the log does not know any more is let go, not given', (t) => {
  const member = new Supplied(t);
  member.tracker.installed(AT);
  member.request('b', { type: 'open', atLeast: 0 });
  member.supply.fromSql({ type: 'snapshot-held', ask: 1, snapshot: HELD });
  const [reply] = member.replies();
  assert.equal(reply?.frame.type, 'gone');
  assert.deepEqual(member.posted.at(-1), { type: 'release-snapshot' });
});

test('who is elected with its own database in use leads with that, and does not wait for what an earlier leader’s log lacked', (t) => {
  const member = new Supplied(t, AT, CHECKSUM);
  member.tracker.installed(AT);
  member.supply.behind(AT.index, member.nowMs);
  assert.deepEqual(
    member.requests().map(({ frame }) => frame.type),
    ['open'],
  );
  member.reply('b', OFFER);
  assert.notEqual(member.supply.progress, null);
  member.elect();
  member.tick();
  assert.deepEqual([member.supply.progress, member.leads], [null, true]);
  member.reply('b', { type: 'chunk', id: AT, offset: 0, data: PAGE });
  assert.deepEqual([member.installs, member.tracker.open], [[], true]);
});
