import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { decodeControl, encodeControl } from '../../src/transport/control.ts';
import {
  AcceptorHandshake,
  DiallerHandshake,
  type Identity,
} from '../../src/transport/handshake.ts';

const n1: Identity = { self: 'n1', clusterId: 'orders', memberIds: ['n1', 'n2'], secret: 'hush' };
const n2: Identity = { ...n1, self: 'n2' };

function nonce(fill: number): Uint8Array {
  return new Uint8Array(32).fill(fill);
}

function dialler(identity = n1, target = 'n2', fill = 1): DiallerHandshake {
  return new DiallerHandshake(identity, target, '10.0.0.2:7000', nonce(fill));
}

function acceptor(identity = n2, fill = 2): AcceptorHandshake {
  return new AcceptorHandshake(identity, '10.0.0.1', nonce(fill));
}

/** What a step sends; fails the test for a step of another kind. */
function payloadOf(step: ReturnType<DiallerHandshake['receive']>, kind: string): Uint8Array {
  assert.equal(step.kind, kind, step.kind === 'refused' ? step.error.message : '');
  assert.ok(step.payload !== null);
  return step.payload;
}

describe('handshake', () => {
  test('two members that know the secret accept each other', () => {
    const [d, a] = [dialler(), acceptor()];
    const challenge = payloadOf(a.receive(d.start()), 'reply');
    const proof = payloadOf(d.receive(challenge), 'reply');
    const accepted = a.receive(proof);
    const welcome = payloadOf(accepted, 'established');
    assert.ok(accepted.kind === 'established' && accepted.peer === 'n1');
    assert.deepEqual(d.receive(welcome), { kind: 'established', peer: 'n2', payload: null });
  });

  test('the secret crosses in no message', () => {
    const [d, a] = [dialler(), acceptor()];
    const sent = [d.start()];
    sent.push(payloadOf(a.receive(sent[0]!), 'reply'));
    sent.push(payloadOf(d.receive(sent[1]!), 'reply'));
    sent.push(payloadOf(a.receive(sent[2]!), 'established'));
    for (const payload of sent) assert.ok(!Buffer.from(payload).includes('hush'));
  });

  test('a proof is worth nothing for another connection', () => {
    const [d, a] = [dialler(), acceptor()];
    const proof = payloadOf(d.receive(payloadOf(a.receive(d.start()), 'reply')), 'reply');
    const later = acceptor(n2, 3);
    later.receive(d.start());
    const step = later.receive(proof);
    assert.ok(step.kind === 'refused' && step.error.code === 'SECRET_MISMATCH');
  });

  test("the dialler's own proof, sent back, is no welcome", () => {
    const [d, a] = [dialler(), acceptor()];
    const proof = payloadOf(d.receive(payloadOf(a.receive(d.start()), 'reply')), 'reply');
    const message = decodeControl(proof);
    assert.ok(message.kind === 'proof');
    const step = d.receive(encodeControl({ kind: 'welcome', mac: message.mac }));
    assert.ok(step.kind === 'refused' && step.error.code === 'SECRET_MISMATCH');
  });

  test('a stranger who dials is sent no MAC before it has proved itself', () => {
    const challenge = payloadOf(acceptor().receive(dialler().start()), 'reply');
    assert.equal(decodeControl(challenge).kind, 'hello');
  });

  test('a hello that was altered on the way makes the proofs differ', () => {
    const d = dialler();
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 255 }), (place, flip) => {
        const hello = Uint8Array.from(d.start());
        hello[place % hello.length]! ^= flip;
        const a = acceptor();
        const first = a.receive(hello);
        if (first.kind === 'refused') return;
        const fresh = dialler();
        const proof = fresh.receive(payloadOf(first, 'reply'));
        const last = proof.kind === 'reply' ? a.receive(proof.payload) : proof;
        assert.equal(last.kind, 'refused');
      }),
    );
  });

  test('the acceptor refuses who dialled another, and who bears its own name', () => {
    for (const hello of [dialler(n1, 'n3').start(), dialler(n2, 'n2').start()]) {
      const step = acceptor().receive(hello);
      assert.ok(step.kind === 'refused' && step.error.code === 'MEMBERS_MISMATCH');
    }
  });

  test('the dialler refuses another member than the one dialled', () => {
    const n3 = { ...n1, self: 'n3' };
    const other = payloadOf(acceptor(n3).receive(dialler(n1, 'n3').start()), 'reply');
    const step = dialler(n1, 'n2').receive(other);
    assert.ok(step.kind === 'refused' && step.error.code === 'MEMBERS_MISMATCH');
    assert.match(step.error.message, /dialled n2.*is n3/);
  });

  test('a member that is in no list is refused although the lists are the same', () => {
    const [d, a] = [dialler({ ...n1, self: 'n9' }), acceptor()];
    const proof = payloadOf(d.receive(payloadOf(a.receive(d.start()), 'reply')), 'reply');
    const step = a.receive(proof);
    assert.ok(step.kind === 'refused' && step.error.code === 'MEMBERS_MISMATCH');
  });

  test('messages out of turn, and bytes that are none, are refused as no handshake', () => {
    const alive = encodeControl({ kind: 'alive' });
    for (const payload of [new Uint8Array(0), Uint8Array.of(77), alive]) {
      const inTurn = acceptor();
      inTurn.receive(dialler().start());
      for (const side of [dialler(), acceptor(), inTurn]) {
        const step = side.receive(payload);
        assert.ok(step.kind === 'refused' && step.error.code === 'PROTOCOL_MISMATCH');
      }
    }
  });

  test('arbitrary bytes never break out of the handshake', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 100 }),
        fc.integer({ min: 1, max: 4 }),
        (bytes, kind) => {
          const payload = Uint8Array.of(kind, ...bytes);
          for (const side of [dialler(), acceptor()]) {
            assert.equal(side.receive(payload).kind, 'refused');
          }
        },
      ),
    );
  });

  test('a refusal with control characters does not get them into the error', () => {
    const refusal = { reason: 'cluster', mine: 'is in a\nFATAL', yours: '\u001b[2J' } as const;
    const step = dialler().receive(encodeControl({ kind: 'refusal', refusal }));
    assert.ok(step.kind === 'refused' && step.error.code === 'CLUSTER_MISMATCH');
    assert.match(step.error.message, /^[\x20-\x7e]*$/);
  });
});
