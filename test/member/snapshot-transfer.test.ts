import assert from 'node:assert/strict';
import { readFileSync, statSync, truncateSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { scribble } from '../cluster/damage.ts';
import { CHUNK_BYTES, Transfers } from './transfer-fixture.ts';

const CHUNKS = 40;
const AT = { term: 2, index: 500 };
const LATER = { term: 2, index: 600 };

function receivedBytes(transfers: Transfers): number {
  return transfers.receiver.progress?.receivedBytes ?? 0;
}

async function finish(transfers: Transfers): Promise<void> {
  await transfers.run(() => transfers.received.length > 0);
}

function assertSame(transfers: Transfers, giver: string): void {
  const sent = readFileSync(transfers.givers.get(giver)!.path);
  assert.ok(readFileSync(transfers.file).equals(sent), 'the file is the giver’s');
}

/** A transfer of which at least so many chunks are there, and what is on the way is lost. */
async function broken(t: TestContext, chunks: number) {
  const transfers = new Transfers(t);
  const giver = transfers.add('b', CHUNKS, AT);
  transfers.want();
  await transfers.run(() => receivedBytes(transfers) >= chunks * CHUNK_BYTES);
  transfers.cut();
  const restBytes = CHUNKS * CHUNK_BYTES - receivedBytes(transfers);
  const before = giver.servedBytes;
  return { transfers, giver, restBytes, servedSince: () => giver.servedBytes - before };
}

test('a file arrives whole, each byte once', async (t) => {
  const transfers = new Transfers(t);
  const giver = transfers.add('b', CHUNKS, AT);
  transfers.want();
  await finish(transfers);
  assertSame(transfers, 'b');
  assert.equal(giver.servedBytes, CHUNKS * CHUNK_BYTES);
  assert.deepEqual([transfers.received[0]!.id, giver.holds, transfers.asked], [AT, 1, ['b']]);
  await transfers.run(() => giver.releases === 1);
});

test('after a cut of the connection it goes on with the very next byte', async (t) => {
  const { transfers, restBytes, servedSince } = await broken(t, 17);
  transfers.receiver.disconnected('b', transfers.nowMs);
  transfers.receiver.connected('b', transfers.nowMs);
  await finish(transfers);
  assert.equal(servedSince(), restBytes);
  assertSame(transfers, 'b');
});

test('after a restart of the receiver it goes on with the very next byte', async (t) => {
  const { transfers, restBytes, servedSince } = await broken(t, 17);
  transfers.restart();
  transfers.want();
  await finish(transfers);
  assert.equal(servedSince(), restBytes);
  assertSame(transfers, 'b');
});

test('a chunk that was torn by a crash is fetched again, and no other', async (t) => {
  const { transfers, restBytes, servedSince } = await broken(t, 17);
  transfers.receiver.stop();
  truncateSync(transfers.file, statSync(transfers.file).size - 1);
  transfers.restart();
  transfers.want();
  await finish(transfers);
  assert.equal(servedSince(), restBytes + CHUNK_BYTES);
  assertSame(transfers, 'b');
});

test('an offer that comes again while the old part is counted changes nothing', async (t) => {
  const { transfers, giver, restBytes, servedSince } = await broken(t, 17);
  transfers.restart();
  transfers.want();
  giver.sender.open('me', 0, transfers.nowMs);
  giver.sender.open('me', 0, transfers.nowMs);
  await finish(transfers);
  assert.equal(servedSince(), restBytes);
  assertSame(transfers, 'b');
});

test('another member that offers the very same goes on where the first one stopped', async (t) => {
  const { transfers, giver, restBytes, servedSince } = await broken(t, 17);
  const other = transfers.add('c', CHUNKS, AT);
  transfers.able = ['c'];
  transfers.receiver.disconnected('b', transfers.nowMs);
  transfers.nowMs += 1_000;
  transfers.want();
  await finish(transfers);
  assert.deepEqual([servedSince(), other.servedBytes], [0, restBytes]);
  assertSame(transfers, 'c');
  assert.equal(giver.holds, 1);
});

test('another member that offers something else begins anew', async (t) => {
  for (const [position, seed] of [
    [LATER, 1],
    [AT, 2],
  ] as const) {
    const { transfers } = await broken(t, 17);
    const other = transfers.add('c', CHUNKS, position, seed);
    transfers.able = ['c'];
    transfers.nowMs += 5_000;
    transfers.want();
    await finish(transfers);
    assert.equal(other.servedBytes, CHUNKS * CHUNK_BYTES);
    assertSame(transfers, 'c');
  }
});

test('a sender that falls silent, goes away or refuses is left for the next one', async (t) => {
  const ends: Record<string, (transfers: Transfers) => void> = {
    silent: (transfers) => {
      transfers.nowMs += 5_000;
    },
    away: (transfers) => {
      transfers.receiver.disconnected('b', transfers.nowMs);
      transfers.nowMs += 1_000;
    },
    refusing: (transfers) => transfers.givers.get('b')!.sender.drop(),
  };
  for (const [how, end] of Object.entries(ends)) {
    const { transfers } = await broken(t, 3);
    transfers.add('c', CHUNKS, LATER);
    end(transfers);
    transfers.want();
    await finish(transfers);
    assert.deepEqual(transfers.asked, ['b', 'c'], how);
    assertSame(transfers, 'c');
  }
});

test('one that is silent for a moment is not left', async (t) => {
  const { transfers } = await broken(t, 3);
  transfers.add('c', CHUNKS, LATER);
  transfers.nowMs += 4_999;
  transfers.want();
  assert.deepEqual(transfers.asked, ['b']);
});

test('a sender is asked for a later one while nobody reads the earlier', async (t) => {
  const { transfers, giver } = await broken(t, 3);
  transfers.want(550);
  assert.deepEqual(transfers.asked, ['b'], 'passed over for a while');
  giver.position = LATER;
  transfers.nowMs += 1_000;
  transfers.want(550);
  await finish(transfers);
  assert.deepEqual([transfers.received[0]!.id, giver.holds], [LATER, 2]);
});

test('one that can only give an earlier one refuses, and keeps nothing still for it', async (t) => {
  const transfers = new Transfers(t);
  const giver = transfers.add('b', CHUNKS, AT);
  transfers.add('c', CHUNKS, LATER);
  transfers.want(550);
  await finish(transfers);
  assert.deepEqual([transfers.asked, giver.servedBytes], [['b', 'c'], 0]);
  assert.equal(giver.releases, 1);
});

test('one that another member reads from refuses who needs a later one', async (t) => {
  const transfers = new Transfers(t);
  const giver = transfers.add('b', CHUNKS, AT);
  giver.sender.open('somebody', 0, 0);
  giver.held();
  transfers.add('c', CHUNKS, LATER);
  transfers.want(550);
  await finish(transfers);
  assert.deepEqual([transfers.asked, giver.holds, giver.releases], [['b', 'c'], 1, 0]);
});

test('what does not have the checksum announced is thrown away, and its sender asked last', async (t) => {
  const transfers = new Transfers(t);
  const giver = transfers.add('b', CHUNKS, AT);
  transfers.add('c', CHUNKS, LATER);
  transfers.want();
  await transfers.run(() => receivedBytes(transfers) > 0);
  scribble(giver.path, (CHUNKS - 1) * CHUNK_BYTES, 10);
  await transfers.run(() => transfers.warnings.length > 0);
  assert.match(transfers.warnings[0]!, /received from b.*checksum/);
  transfers.want();
  await finish(transfers);
  assert.deepEqual(transfers.asked, ['b', 'c']);
  assertSame(transfers, 'c');
});

test('what nobody has asked for in a while is let go', (t) => {
  const transfers = new Transfers(t);
  const { sender } = transfers.add('b', 1, AT);
  sender.open('me', 0, 0);
  transfers.givers.get('b')!.held();
  sender.tick(10_000);
  assert.equal(transfers.givers.get('b')!.releases, 0);
  sender.tick(10_001);
  assert.equal(transfers.givers.get('b')!.releases, 1);
});
