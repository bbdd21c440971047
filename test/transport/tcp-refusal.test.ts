import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ErrorCode } from '../../src/base/errors.ts';
import type { MemberId } from '../../src/raft/entry.ts';
import { PROTOCOL_VERSION } from '../../src/transport/control.ts';
import type { Peer, TcpTransportOptions } from '../../src/transport/options.ts';
import { until } from './poll.ts';
import { dialRaw, listenRaw, type RawPeer } from './raw-peer.ts';
import type { Recorder } from './recorder.ts';
import { peersOnFreePorts, startMember } from './tcp-members.ts';

const LATER = PROTOCOL_VERSION + 1;

/** What a refusal must say, on the side whose record it is. */
function assertRefusal(
  record: Recorder,
  peer: MemberId | null,
  code: ErrorCode,
  ...words: string[]
): void {
  const said = record.refusals.map(({ error }) => error.message).join('\n');
  const found = record.refusals.find(
    ({ error }) =>
      'code' in error && error.code === code && words.every((w) => error.message.includes(w)),
  );
  assert.ok(found, `no ${code} with ${words} in: ${said}`);
  assert.equal(found.peer, peer);
  assert.ok(!said.includes('tests'), 'the secret is not for logs');
}

interface Conflict {
  readonly a?: Partial<TcpTransportOptions>;
  readonly b?: Partial<TcpTransportOptions>;
  /** Whom `a` takes for b; null where b is not in its list. */
  readonly bSeenByA?: MemberId | null;
  readonly code: ErrorCode;
  /** What each side must be told, of itself and of the other. */
  readonly words: readonly string[];
}

/** Starts a and b in conflict, and checks what both are told, and that neither is connected. */
async function assertConflict(conflict: Conflict): Promise<void> {
  const { code, words, bSeenByA = 'b' } = conflict;
  const peers = await peersOnFreePorts(['a', 'b']);
  const a = await startMember('a', peers, conflict.a);
  const b = await startMember('b', peers, conflict.b);
  try {
    await until(() => a.record.refusals.length >= 1, 'a is told');
    await until(() => b.record.refusals.length >= 1, 'b is told');
    assertRefusal(a.record, bSeenByA, code, ...words);
    assertRefusal(b.record, 'a', code, ...words);
    assert.deepEqual([a.record.connects, b.record.connects], [[], []]);
    assert.equal(a.transport.send('b', 'raft', []), false);
  } finally {
    await Promise.all([a.transport.close(), b.transport.close()]);
  }
}

describe('members that do not belong together refuse each other, and both say why', () => {
  test('different clusters', async () => {
    const b = { clusterId: 'orders' };
    await assertConflict({ b, code: 'CLUSTER_MISMATCH', words: ['is in test', 'is in orders'] });
  });

  test('different secrets', async () => {
    const b = { secret: 'another secret of the tests' };
    await assertConflict({ b, code: 'SECRET_MISMATCH', words: ['different secrets'] });
  });

  test('a secret on one side only', async () => {
    const words = ['has one', 'has none'];
    await assertConflict({ b: { secret: null }, code: 'SECRET_MISMATCH', words });
  });

  test('different lists of members', async () => {
    const peers = await peersOnFreePorts(['a', 'b', 'c']);
    const a = await startMember('a', peers.slice(0, 2));
    const b = await startMember('b', peers);
    await until(() => a.record.refusals.length >= 1 && b.record.refusals.length >= 1, 'refusals');
    const words = ['lists a b', 'lists a b c'];
    assertRefusal(a.record, 'b', 'MEMBERS_MISMATCH', ...words);
    assertRefusal(b.record, 'a', 'MEMBERS_MISMATCH', ...words);
    await Promise.all([a.transport.close(), b.transport.close()]);
  });

  test('a member that is not in the list', async () => {
    const peers = await peersOnFreePorts(['a', 'b', 'x']);
    const [pa, , px] = peers as [Peer, Peer, Peer];
    const a = await startMember('a', peers.slice(0, 2));
    const x = await startMember('x', [pa, px]);
    await until(() => a.record.refusals.length >= 1 && x.record.refusals.length >= 1, 'refusals');
    assertRefusal(a.record, null, 'MEMBERS_MISMATCH', 'is x', 'lists a b');
    assertRefusal(x.record, 'a', 'MEMBERS_MISMATCH', 'is x', 'lists a b');
    await Promise.all([a.transport.close(), x.transport.close()]);
  });

  test('an address that leads to another member', async () => {
    const peers = await peersOnFreePorts(['a', 'b', 'c']);
    const [pa, pb, pc] = peers as [Peer, Peer, Peer];
    const a = await startMember('a', [pa, { id: 'b', address: pc.address }, pc]);
    const c = await startMember('c', [pa, pb, pc]);
    await until(() => a.record.refusals.length >= 1 && c.record.refusals.length >= 1, 'refusals');
    assertRefusal(a.record, 'b', 'MEMBERS_MISMATCH', 'is c', 'dialled b', pc.address);
    assertRefusal(c.record, 'a', 'MEMBERS_MISMATCH', 'is c', 'dialled b');
    await until(() => a.transport.isConnected('c'), 'the right address works all the same');
    await Promise.all([a.transport.close(), c.transport.close()]);
  });

  test('a later protocol, when it dials', async () => {
    const a = await startMember('a', await peersOnFreePorts(['a', 'b']));
    const later = dialRaw(a.transport.address);
    later.say({ kind: 'hello', version: LATER, hello: null });
    await until(() => later.closed, 'the end of the connection');
    assertRefusal(
      a.record,
      null,
      'PROTOCOL_MISMATCH',
      `protocol ${PROTOCOL_VERSION}`,
      `protocol ${LATER}`,
    );
    const [answer] = later.received;
    assert.ok(answer?.kind === 'refusal' && answer.refusal.reason === 'protocol');
    await a.transport.close();
  });

  test('a later protocol, when it is dialled', async () => {
    const peers = await peersOnFreePorts(['a', 'b']);
    const accepted: RawPeer[] = [];
    const later = await listenRaw(peers[1]!.address, (peer) => {
      accepted.push(peer);
      peer.say({ kind: 'hello', version: LATER, hello: null });
    });
    const a = await startMember('a', peers);
    await until(() => a.record.refusals.length > 0, 'a refusal');
    assertRefusal(
      a.record,
      'b',
      'PROTOCOL_MISMATCH',
      `protocol ${PROTOCOL_VERSION}`,
      `protocol ${LATER}`,
    );
    await until(() => accepted[0]!.received.length === 2, 'hello and refusal');
    assert.equal(accepted[0]!.received[1]!.kind, 'refusal');
    await a.transport.close();
    later.close();
  });
});

describe('after a refusal', () => {
  test('the dialler goes on trying, reports once, and connects when the conflict is gone', async () => {
    const peers = await peersOnFreePorts(['a', 'b']);
    const a = await startMember('a', peers);
    let attempts = 0;
    const wrong = await listenRaw(peers[1]!.address, (peer) => {
      attempts += 1;
      const refusal = { reason: 'cluster', mine: 'is in x', yours: 'is in test' } as const;
      peer.say({ kind: 'refusal', refusal });
    });
    await until(() => attempts >= 4, 'several attempts');
    assert.equal(a.record.refusals.length, 1);
    assertRefusal(a.record, 'b', 'CLUSTER_MISMATCH', 'is in x', 'is in test');
    await new Promise((resolve) => wrong.close(resolve));
    const b = await startMember('b', peers);
    await until(() => a.transport.isConnected('b') && b.transport.isConnected('a'), 'peace');
    await Promise.all([a.transport.close(), b.transport.close()]);
  });

  test('there is no immediate retry: the wait is the longest', async () => {
    const peers = await peersOnFreePorts(['a', 'b']);
    let attempts = 0;
    const wrong = await listenRaw(peers[1]!.address, (peer) => {
      attempts += 1;
      const refusal = { reason: 'cluster', mine: 'is in x', yours: 'is in test' } as const;
      peer.say({ kind: 'refusal', refusal });
      peer.socket.end();
    });
    const a = await startMember('a', peers, { limits: { backoffMaxMs: 600_000 } });
    await until(() => a.record.refusals.length === 1, 'the refusal');
    const fromMs = performance.now();
    await until(() => performance.now() - fromMs > 150, 'time for many short retries');
    assert.equal(attempts, 1);
    await a.transport.close();
    wrong.close();
  });

  test('members without any secret accept each other', async () => {
    const peers = await peersOnFreePorts(['a', 'b']);
    const a = await startMember('a', peers, { secret: null });
    const b = await startMember('b', peers, { secret: null });
    await until(() => a.transport.isConnected('b') && b.transport.isConnected('a'), 'both up');
    await Promise.all([a.transport.close(), b.transport.close()]);
  });
});
