import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CONTROL, frameHeader } from '../../src/transport/frame.ts';
import { until } from './poll.ts';
import { acceptAs, type RawPeer } from './raw-peer.ts';
import { peersOnFreePorts, startMember } from './tcp-members.ts';

const asB = {
  self: 'b',
  clusterId: 'test',
  memberIds: ['a', 'b'],
  secret: 'a secret of the tests',
};

/** Member a, and a peer b in the hands of the test that has accepted a's connection. */
async function besideRawAcceptor(limits: Parameters<typeof startMember>[2]) {
  const peers = await peersOnFreePorts(['a', 'b']);
  const accepted: RawPeer[] = [];
  const server = await acceptAs(asB, peers[1]!.address, (peer) => accepted.push(peer));
  const a = await startMember('a', peers, limits);
  await until(() => a.transport.isConnected('b'), 'a to b');
  const close = async () => {
    await a.transport.close();
    server.close();
    for (const { socket } of accepted) socket.destroy();
  };
  return { a, accepted, close };
}

describe('a peer that does not read', () => {
  test('fills its queue up to the limit and no further; what fits later arrives', async () => {
    const queueBytesMax = 1024 * 1024;
    const limits = { queueBytesMax, frameBytesMax: queueBytesMax, silentIntervalsMax: 1_000_000 };
    const { a, accepted, close } = await besideRawAcceptor({ limits });
    const peer = accepted[0]!;
    peer.socket.pause();
    const payload = new Uint8Array(100_000);
    // The kernel's buffers take some megabytes before anything stays here.
    let refusedInRow = 0;
    while (refusedInRow < 50) {
      refusedInRow = a.transport.send('b', 'raft', [payload]) ? 0 : refusedInRow + 1;
      assert.ok(a.transport.queuedBytes('b') <= queueBytesMax);
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.ok(a.transport.queuedBytes('b') > queueBytesMax - 2 * payload.length);
    assert.ok(a.transport.isConnected('b'));
    peer.socket.resume();
    await until(() => a.transport.queuedBytes('b') === 0, 'the queue drains');
    assert.ok(a.transport.send('b', 'raft', [payload]));
    await close();
  });

  test('may let only so many tiny frames wait', async () => {
    const { a, close } = await besideRawAcceptor({ limits: { queueFramesMax: 10 } });
    let accepted = 0;
    while (a.transport.send('b', 'raft', [Uint8Array.of(1)])) accepted += 1;
    assert.equal(accepted, 10);
    await close();
  });

  test('a frame larger than the limit is a bug of the caller', async () => {
    const limits = { frameBytesMax: 1000, queueBytesMax: 1000 };
    const { a, close } = await besideRawAcceptor({ limits });
    assert.ok(a.transport.send('b', 'raft', [new Uint8Array(1000)]));
    const tooLarge = [new Uint8Array(1001)];
    assert.throws(() => a.transport.send('b', 'raft', tooLarge), { name: 'AssertionError' });
    await close();
  });
});

describe('a connection without a sign of life', () => {
  test('is closed and dialled anew, while a member that is only idle stays connected', async () => {
    const limits = { aliveIntervalMs: 20, silentIntervalsMax: 5 };
    const { a, accepted, close } = await besideRawAcceptor({ limits });
    await until(() => accepted.length >= 2, 'a second connection');
    assert.ok(a.record.disconnects.length >= 1);
    await close();
  });

  test('idle members keep each other awake', async () => {
    const limits = { aliveIntervalMs: 10, silentIntervalsMax: 30 };
    const peers = await peersOnFreePorts(['a', 'b']);
    const a = await startMember('a', peers, { limits });
    const b = await startMember('b', peers, { limits });
    await until(() => a.transport.isConnected('b') && b.transport.isConnected('a'), 'both up');
    const fromMs = performance.now();
    await until(() => performance.now() - fromMs > 1000, 'three times the limit');
    assert.deepEqual([a.record.disconnects, b.record.disconnects], [[], []]);
    await Promise.all([a.transport.close(), b.transport.close()]);
  });
});

describe('a connection that breaks', () => {
  test('takes what was queued with it, and the next one begins with a whole frame', async () => {
    const { a, accepted, close } = await besideRawAcceptor({});
    accepted[0]!.socket.pause();
    for (let i = 0; i < 300; i++) a.transport.send('b', 'raft', [new Uint8Array(100_000).fill(1)]);
    assert.ok(a.transport.queuedBytes('b') > 0);
    accepted[0]!.socket.resetAndDestroy();
    await until(() => accepted.length === 2, 'the next connection');
    await until(() => a.transport.isConnected('b'), 'a to b');
    assert.equal(a.transport.queuedBytes('b'), 0);
    assert.deepEqual(a.record.disconnects, ['b']);
    let bytes = Buffer.alloc(0);
    accepted[1]!.socket.on('data', (chunk) => {
      bytes = Buffer.concat([bytes, chunk]);
    });
    const payload = Uint8Array.of(4, 5, 6);
    a.transport.send('b', 'raft', [payload]);
    const frame = Buffer.concat([frameHeader(1, [payload], 3), payload]);
    const alive = Buffer.concat([frameHeader(CONTROL, [Uint8Array.of(5)], 1), Uint8Array.of(5)]);
    const withoutAlive = () => bytes.toString('hex').replaceAll(alive.toString('hex'), '');
    await until(() => withoutAlive().length >= frame.length * 2, 'the frame');
    assert.equal(withoutAlive(), frame.toString('hex'));
    await close();
  });

  test('an acceptor that sends frames breaks the rules, and its connection', async () => {
    const { a, accepted, close } = await besideRawAcceptor({});
    accepted[0]!.sayFrame(1, Uint8Array.of(1));
    await until(() => a.record.disconnects.length === 1, 'onDisconnect');
    assert.deepEqual(a.record.frames, []);
    await close();
  });
});
