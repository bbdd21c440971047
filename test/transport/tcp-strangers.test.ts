import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { PacelineError } from '../../src/base/errors.ts';
import { encodeControl } from '../../src/transport/control.ts';
import { CONTROL, frameHeader } from '../../src/transport/frame.ts';
import { until } from './poll.ts';
import { dialAs, dialRaw, listenRaw, type RawPeer } from './raw-peer.ts';
import { peersOnFreePorts, startMember, type TcpMember } from './tcp-members.ts';

const asB = {
  self: 'b',
  clusterId: 'test',
  memberIds: ['a', 'b'],
  secret: 'a secret of the tests',
};

/** Two connected members and a stranger at the port of the first; afterwards all must be as before. */
async function besideStranger(visit: (a: TcpMember, stranger: RawPeer) => Promise<void>) {
  const peers = await peersOnFreePorts(['a', 'b']);
  const a = await startMember('a', peers);
  const b = await startMember('b', peers);
  await until(() => a.transport.isConnected('b') && b.transport.isConnected('a'), 'both up');
  const stranger = dialRaw(a.transport.address);
  await visit(a, stranger);
  await until(() => stranger.closed, 'the stranger is shown out');
  assert.deepEqual([a.record.disconnects, b.record.disconnects], [[], []]);
  assert.ok(b.transport.send('a', 'raft', [Uint8Array.of(5)]));
  await until(() => a.record.frames.length === 1, 'a frame between the members');
  await Promise.all([a.transport.close(), b.transport.close()]);
}

function codesOf({ record }: TcpMember): unknown[] {
  return record.refusals.map(({ error }) => (error as PacelineError).code);
}

describe('what strangers send to the port', () => {
  test('an HTTP request is refused, reported and harmless', () =>
    besideStranger(async (a, stranger) => {
      stranger.socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
      await until(() => a.record.refusals.length === 1, 'the report');
      assert.deepEqual(codesOf(a), ['PROTOCOL_MISMATCH']);
      assert.match(a.record.refusals[0]!.error.message, /127\.0\.0\.1.*not a member/);
    }));

  test('random bytes are harmless', () =>
    besideStranger(async (_a, stranger) => {
      stranger.socket.write(randomBytes(100_000));
    }));

  test('half a hello is waited for no longer than the handshake may take', () =>
    besideStranger(async (a, stranger) => {
      const hello = encodeControl({ kind: 'hello', version: 1, hello: null });
      stranger.socket.write(frameHeader(CONTROL, [hello], hello.length));
      stranger.socket.write(hello.subarray(0, 4));
      await until(() => stranger.closed, 'the time limit');
      assert.deepEqual(a.record.refusals, []);
    }));

  test('a well-formed frame that is no hello is answered with a refusal', () =>
    besideStranger(async (a, stranger) => {
      stranger.say({ kind: 'welcome', mac: new Uint8Array(32) });
      await until(() => stranger.received.length === 1, 'the refusal');
      assert.equal(stranger.received[0]!.kind, 'refusal');
      assert.deepEqual(codesOf(a), ['PROTOCOL_MISMATCH']);
    }));

  test('frames before the proof are not delivered', () =>
    besideStranger(async (_a, stranger) => {
      stranger.sayFrame(1, Uint8Array.of(1, 2, 3));
    }));

  test('a frame longer than any handshake is refused by its header', () =>
    besideStranger(async (_a, stranger) => {
      stranger.socket.write(frameHeader(CONTROL, [], 1_000_000));
    }));

  test('no more than so many may hold a connection without proof', async () => {
    const limits = { handshakesMax: 3, handshakeTimeoutMs: 10_000 };
    const a = await startMember('a', await peersOnFreePorts(['a', 'b']), { limits });
    const held = Array.from({ length: 5 }, () => dialRaw(a.transport.address));
    await until(() => held.filter((peer) => peer.closed).length === 2, 'two are turned away');
    await a.transport.close();
    await until(() => held.every((peer) => peer.closed), 'close shows the others out');
  });
});

describe('what a proven peer may not send', () => {
  test('a frame over the limit, of no channel or with a wrong checksum ends its connection', async () => {
    const limits = { frameBytesMax: 50_000, queueBytesMax: 50_000 };
    const a = await startMember('a', await peersOnFreePorts(['a', 'b']), { limits });
    const wrongSum = frameHeader(1, [Uint8Array.of(1)], 1);
    for (const bytes of [frameHeader(1, [], 50_001), frameHeader(99, [], 0), [...wrongSum, 2]]) {
      const before = a.record.disconnects.length;
      const peer = dialAs(asB, 'a', a.transport.address);
      await until(() => peer.received.some(({ kind }) => kind === 'welcome'), 'the welcome');
      peer.sayFrame(1, Uint8Array.of(7));
      peer.socket.write(Uint8Array.from(bytes));
      await until(() => peer.closed, 'the end of the connection');
      await until(() => a.record.disconnects.length === before + 1, 'onDisconnect');
    }
    assert.deepEqual(codesOf(a), ['RECORD_DAMAGED', 'RECORD_DAMAGED', 'RECORD_DAMAGED']);
    assert.equal(a.record.frames.length, 3);
    await a.transport.close();
  });

  test('a payload that its receiver finds damaged ends the connection, not the process', async () => {
    const a = await startMember('a', await peersOnFreePorts(['a', 'b']));
    a.record.onFrame = () => {
      throw new PacelineError('RECORD_DAMAGED', 'message from b: unknown type');
    };
    const peer = dialAs(asB, 'a', a.transport.address);
    await until(() => peer.received.some(({ kind }) => kind === 'welcome'), 'the welcome');
    peer.sayFrame(1, Uint8Array.of(7));
    await until(() => a.record.disconnects.length === 1, 'onDisconnect');
    assert.deepEqual(codesOf(a), ['RECORD_DAMAGED']);
    await a.transport.close();
  });

  test('a newer connection of the same peer replaces the older one', async () => {
    const limits = { silentIntervalsMax: 1_000_000 };
    const a = await startMember('a', await peersOnFreePorts(['a', 'b']), { limits });
    const older = dialAs(asB, 'a', a.transport.address);
    await until(() => older.received.some(({ kind }) => kind === 'welcome'), 'the first welcome');
    const newer = dialAs(asB, 'a', a.transport.address);
    await until(() => older.closed, 'the end of the older one');
    newer.sayFrame(1, Uint8Array.of(8));
    await until(() => a.record.frames.length === 1, 'a frame on the newer one');
    assert.deepEqual(a.record.disconnects, ['b']);
    await a.transport.close();
  });
});

describe('what answers at a wrong address', () => {
  test('a server that is no member is reported as such', async () => {
    const peers = await peersOnFreePorts(['a', 'b']);
    const server = await listenRaw(peers[1]!.address, ({ socket }) => {
      socket.write('220 mail.example.com ESMTP\r\n');
    });
    const a = await startMember('a', peers);
    await until(() => a.record.refusals.length === 1, 'the report');
    assert.equal(a.record.refusals[0]!.peer, 'b');
    assert.deepEqual(codesOf(a), ['PROTOCOL_MISMATCH']);
    await a.transport.close();
    server.close();
  });
});
