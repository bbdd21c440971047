import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { MemberId } from '../../src/raft/entry.ts';
import type { Channel, Transport } from '../../src/transport/transport.ts';
import type { Recorder } from './recorder.ts';

/** Members on one kind of transport, and the way to make its time pass. */
export interface TransportCluster {
  transport(id: MemberId): Transport;
  record(id: MemberId): Recorder;
  /** Lets time pass until the condition holds. */
  until(condition: () => boolean, what: string): Promise<void>;
  /** Lets pass whatever is still on its way. */
  settle(): Promise<void>;
  /** Ends the member; `start` brings it back with an empty record. */
  stop(id: MemberId): Promise<void>;
  start(id: MemberId): Promise<void>;
  close(): Promise<void>;
}

/** `queueBytesMax` of a cluster under test: small enough to fill. */
export const CONTRACT_QUEUE_BYTES = 4 * 1024 * 1024;

const CHANNELS: readonly Channel[] = [
  'raft',
  'forward',
  'forward-reply',
  'snapshot',
  'snapshot-reply',
  'read',
  'read-reply',
];

/** What every Transport does; run on each implementation. */
export function transportContract(
  name: string,
  open: (ids: readonly MemberId[]) => Promise<TransportCluster>,
): void {
  const withCluster = (ids: string[], body: (cluster: TransportCluster) => Promise<void>) => {
    return async () => {
      const cluster = await open(ids);
      try {
        await body(cluster);
      } finally {
        await cluster.close();
      }
    };
  };

  describe(`${name}: the contract of a transport`, () => {
    test(
      'every member is told once of every other that it can send to',
      withCluster(['a', 'b', 'c'], everyoneConnects),
    );
    test(
      'the parts arrive as one frame, with sender and channel',
      withCluster(['a', 'b'], framesArrive),
    );
    test('an empty frame arrives', withCluster(['a', 'b'], emptyFrameArrives));
    test('handlers are never called from inside send', withCluster(['a', 'b'], neverInsideSend));
    test(
      'frames arrive in order, each once, under load in both directions',
      withCluster(['a', 'b'], orderUnderLoad),
    );
    test(
      'a frame to a member that is away is dropped, and send says so',
      withCluster(['a', 'b'], awayIsDropped),
    );
    test(
      'a member that stops is noticed, and found again when it is back',
      withCluster(['a', 'b', 'c'], restartIsNoticed),
    );
    test('a full queue drops the new frame, and drains', withCluster(['a', 'b'], fullQueueDrops));
    test(
      'after close nothing is called and nothing is sent',
      withCluster(['a', 'b'], closeIsFinal),
    );
  });
}

/** Until every member can send to every other. */
async function connected(cluster: TransportCluster, ids: readonly MemberId[]): Promise<void> {
  for (const id of ids) {
    for (const peer of ids) {
      if (peer === id) continue;
      await cluster.until(() => cluster.transport(id).isConnected(peer), `${id} to ${peer}`);
    }
  }
}

async function everyoneConnects(cluster: TransportCluster): Promise<void> {
  const ids = ['a', 'b', 'c'];
  await connected(cluster, ids);
  await cluster.settle();
  for (const id of ids) {
    assert.deepEqual(
      cluster.record(id).connects.toSorted(),
      ids.filter((other) => other !== id),
    );
    assert.deepEqual(cluster.record(id).disconnects, []);
    assert.deepEqual(cluster.record(id).refusals, []);
  }
}

async function framesArrive(cluster: TransportCluster): Promise<void> {
  await connected(cluster, ['a', 'b']);
  const parts = [Uint8Array.of(1, 2), new Uint8Array(0), new Uint8Array(70_000).fill(7)];
  for (const channel of CHANNELS) assert.ok(cluster.transport('a').send('b', channel, parts));
  const { frames } = cluster.record('b');
  await cluster.until(() => frames.length === CHANNELS.length, 'all channels');
  const payload = Uint8Array.from([1, 2, ...new Uint8Array(70_000).fill(7)]);
  assert.deepEqual(
    frames,
    CHANNELS.map((channel) => ({ from: 'a', channel, payload })),
  );
}

async function emptyFrameArrives(cluster: TransportCluster): Promise<void> {
  await connected(cluster, ['a', 'b']);
  assert.ok(cluster.transport('b').send('a', 'forward', []));
  const { frames } = cluster.record('a');
  await cluster.until(() => frames.length > 0, 'the frame');
  assert.deepEqual(frames, [{ from: 'b', channel: 'forward', payload: new Uint8Array(0) }]);
}

async function neverInsideSend(cluster: TransportCluster): Promise<void> {
  await connected(cluster, ['a', 'b']);
  const { frames } = cluster.record('b');
  cluster.transport('a').send('b', 'raft', [Uint8Array.of(1)]);
  assert.equal(frames.length, 0);
  await cluster.until(() => frames.length === 1, 'the frame');
}

async function orderUnderLoad(cluster: TransportCluster): Promise<void> {
  await connected(cluster, ['a', 'b']);
  const count = 3000;
  const pairs = [
    ['a', 'b'],
    ['b', 'a'],
  ] as const;
  let sent = 0;
  while (sent < count) {
    for (let n = 0; n < 100; n++, sent++) {
      for (const [from, to] of pairs) {
        assert.ok(cluster.transport(from).send(to, 'raft', numbered(sent)));
      }
    }
    const enough = sent - 300;
    await cluster.until(() => cluster.record('b').frames.length >= enough, 'frames at b');
  }
  for (const [, to] of pairs) {
    const { frames } = cluster.record(to);
    await cluster.until(() => frames.length >= count, `all frames at ${to}`);
    await cluster.settle();
    assert.equal(frames.length, count);
    for (const [i, { payload }] of frames.entries()) {
      assert.deepEqual(payload, joined(numbered(i)));
    }
  }
}

/** Two parts that tell the number, of a length that differs from frame to frame. */
function numbered(n: number): Uint8Array[] {
  const head = new Uint8Array(4);
  new DataView(head.buffer).setUint32(0, n);
  return [head, new Uint8Array((n * 37) % 6000).fill(n)];
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

async function awayIsDropped(cluster: TransportCluster): Promise<void> {
  await connected(cluster, ['a', 'b']);
  await cluster.stop('b');
  await cluster.until(() => !cluster.transport('a').isConnected('b'), 'b gone');
  assert.equal(cluster.transport('a').send('b', 'raft', [Uint8Array.of(1)]), false);
  assert.equal(cluster.transport('a').queuedBytes('b'), 0);
}

async function restartIsNoticed(cluster: TransportCluster): Promise<void> {
  await connected(cluster, ['a', 'b', 'c']);
  await cluster.stop('b');
  const { connects, disconnects, frames } = cluster.record('a');
  await cluster.until(() => disconnects.length === 2, 'both connections with b closed');
  await cluster.settle();
  assert.deepEqual(disconnects, ['b', 'b']);
  assert.ok(cluster.transport('a').isConnected('c'));
  await cluster.start('b');
  await connected(cluster, ['a', 'b', 'c']);
  await cluster.settle();
  assert.deepEqual(connects.toSorted(), ['b', 'b', 'c']);
  cluster.transport('b').send('a', 'raft', [Uint8Array.of(9)]);
  await cluster.until(() => frames.length === 1, 'a frame from the member that came back');
  assert.deepEqual(disconnects, ['b', 'b']);
}

async function fullQueueDrops(cluster: TransportCluster): Promise<void> {
  await connected(cluster, ['a', 'b']);
  const a = cluster.transport('a');
  const payload = new Uint8Array(256 * 1024);
  let accepted = 0;
  while (a.send('b', 'snapshot', [payload])) accepted += 1;
  assert.ok(a.queuedBytes('b') <= CONTRACT_QUEUE_BYTES);
  assert.ok(a.queuedBytes('b') > CONTRACT_QUEUE_BYTES - 2 * payload.length);
  const { frames } = cluster.record('b');
  await cluster.until(() => frames.length === accepted, 'what was accepted');
  await cluster.until(() => a.queuedBytes('b') === 0, 'an empty queue');
  assert.ok(a.send('b', 'snapshot', [payload]));
  await cluster.until(() => frames.length === accepted + 1, 'one more frame');
}

async function closeIsFinal(cluster: TransportCluster): Promise<void> {
  await connected(cluster, ['a', 'b']);
  const { frames, connects, disconnects } = cluster.record('a');
  const before = [frames.length, connects.length, disconnects.length];
  const a = cluster.transport('a');
  cluster.transport('b').send('a', 'raft', [Uint8Array.of(1)]);
  await Promise.all([a.close(), a.close()]);
  assert.equal(a.isConnected('b'), false);
  assert.equal(a.send('b', 'raft', [Uint8Array.of(1)]), false);
  await cluster.settle();
  assert.deepEqual([frames.length, connects.length, disconnects.length], before);
}
