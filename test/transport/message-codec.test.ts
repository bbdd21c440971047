import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { PacelineError } from '../../src/base/errors.ts';
import type { Entry, EntryId, MemberInfo, Membership } from '../../src/raft/entry.ts';
import type { AppendRequest, Message } from '../../src/raft/message.ts';
import { decodeMessage, encodeMessage } from '../../src/transport/message-codec.ts';

/** With the prototype that decoded objects have, for strict comparison. */
function record<T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record<T>(model, { noNullPrototype: true }) as fc.Arbitrary<T>;
}

const number = fc.oneof(fc.nat(1000), fc.maxSafeNat());
const flag = fc.boolean();
const id: fc.Arbitrary<EntryId> = record({ term: number, index: number });
const member: fc.Arbitrary<MemberInfo> = record({
  id: fc.string({ unit: 'grapheme' }),
  address: fc.string({ unit: 'grapheme' }),
  voter: flag,
});
const membership: fc.Arbitrary<Membership> = fc
  .uniqueArray(member, { maxLength: 5, selector: (one) => one.id })
  .map((members) => members.toSorted((a, b) => (a.id < b.id ? -1 : 1)));

const data = fc.uint8Array({ maxLength: 40 }).map((bytes) => Uint8Array.from(bytes));
const following = fc.array(
  record({ step: fc.nat(2), data, membership: fc.option(membership, { freq: 3 }) }),
  { maxLength: 6 },
);

const appendRequest = record({
  previous: record({ term: fc.nat(), index: fc.nat() }),
  commit: number,
  following,
}).map(({ previous, commit, following }) => {
  const entries: Entry[] = [];
  let { term } = previous;
  for (const { step, ...rest } of following) {
    term += step;
    entries.push({ term, index: previous.index + entries.length + 1, ...rest });
  }
  return { type: 'append-request', previous, commit, entries } as const;
});

/** Every type of message, without its envelope. */
const body = fc.oneof(
  record({ type: fc.constant('vote-request'), preVote: flag, last: id, transfer: flag }),
  record({ type: fc.constant('vote-response'), preVote: flag, granted: flag }),
  appendRequest,
  record({
    type: fc.constant('append-response'),
    accepted: flag,
    match: number,
    rejected: number,
    hint: id,
  }),
  record({ type: fc.constant('heartbeat-request'), commit: number, round: number }),
  record({ type: fc.constant('heartbeat-response'), round: number, promiseTicks: fc.nat() }),
  record({ type: fc.constant('snapshot-request'), snapshot: id, membership }),
  record({ type: fc.constant('timeout-now') }),
  record({ type: fc.constant('read-index-request'), context: number }),
  record({ type: fc.constant('read-index-response'), context: number, index: number }),
);

const message = fc
  .tuple(number, body)
  .map(([term, fields]) => ({ from: 'n1', to: 'n2', term, ...fields }) as Message);

function bytesOf(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

function isDamage(error: unknown): boolean {
  return error instanceof PacelineError && error.code === 'RECORD_DAMAGED';
}

/** The message, or null for damaged bytes; any other error is a bug. */
function decodeOrNull(bytes: Uint8Array): Message | null {
  try {
    return decodeMessage(bytes, 'n1', 'n2');
  } catch (error) {
    assert.ok(isDamage(error), String(error));
    return null;
  }
}

const someAppend: AppendRequest = {
  type: 'append-request',
  from: 'n1',
  to: 'n2',
  term: 9,
  previous: { term: 7, index: 40 },
  commit: 39,
  entries: [
    { term: 7, index: 41, membership: null, data: Uint8Array.of(1, 2, 3) },
    { term: 9, index: 42, membership: [], data: new Uint8Array(0) },
  ],
};

describe('message codec', () => {
  test('every message comes back as it was', () => {
    fc.assert(
      fc.property(message, (original) => {
        const decoded = decodeMessage(bytesOf(encodeMessage(original)), 'n1', 'n2');
        assert.deepEqual(decoded, original);
      }),
      { numRuns: 2000 },
    );
  });

  test('neither arbitrary nor altered bytes give anything but a message or RECORD_DAMAGED', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        decodeOrNull(Uint8Array.from(bytes));
      }),
      { numRuns: 2000 },
    );
    fc.assert(
      fc.property(message, fc.nat(), fc.nat(255), (original, place, value) => {
        const bytes = bytesOf(encodeMessage(original));
        bytes[place % bytes.length] = value;
        const decoded = decodeOrNull(bytes);
        // One way to write each message: what is accepted is what we would have sent.
        if (decoded !== null) assert.deepEqual(bytesOf(encodeMessage(decoded)), bytes);
      }),
      { numRuns: 2000 },
    );
  });

  test('a message cut short, or with a byte too many, is damaged', () => {
    fc.assert(
      fc.property(message, fc.nat(), (original, place) => {
        const bytes = bytesOf(encodeMessage(original));
        assert.equal(decodeOrNull(bytes.subarray(0, place % bytes.length)), null);
        assert.equal(decodeOrNull(bytesOf([bytes, Uint8Array.of(0)])), null);
      }),
    );
  });

  test('entry data is passed on and read in place, not copied', () => {
    const parts = encodeMessage(someAppend);
    assert.equal(parts.length, 2);
    assert.equal(parts[1], someAppend.entries[0]!.data);
    const bytes = bytesOf(parts);
    const decoded = decodeMessage(bytes, 'n1', 'n2');
    assert.ok(decoded.type === 'append-request');
    assert.equal(decoded.entries[0]!.data.buffer, bytes.buffer);
  });

  test('a head announces an entry in a few bytes', () => {
    const entries = Array.from({ length: 100 }, (_, i) => ({
      term: 7,
      index: 41 + i,
      membership: null,
      data: Uint8Array.of(i),
    }));
    const [head] = encodeMessage({ ...someAppend, entries });
    assert.ok(head!.length < 600, `${head!.length} bytes`);
  });

  test('counts and lengths beyond the input are refused before anything is allocated', () => {
    const heads = bytesOf(encodeMessage({ ...someAppend, entries: [] }));
    heads.set([0xff, 0xff, 0xff, 0xff], heads.length - 4);
    assert.throws(() => decodeMessage(heads, 'n1', 'n2'), /4294967295 entries announced/);
    const empty: Message = {
      type: 'snapshot-request',
      from: 'n1',
      to: 'n2',
      term: 1,
      snapshot: { term: 1, index: 1 },
      membership: [],
    };
    const members = bytesOf(encodeMessage(empty));
    members.set([0xff, 0xff], members.length - 2);
    assert.throws(() => decodeMessage(members, 'n1', 'n2'), /65535 members announced/);
  });

  test('the error names the sender', () => {
    assert.throws(() => decodeMessage(Uint8Array.of(99), 'n1', 'n2'), /message from n1/);
  });

  test('entries that do not follow each other are a bug of the sender', () => {
    const gap = { ...someAppend, previous: { term: 7, index: 39 } };
    assert.throws(() => encodeMessage(gap), { name: 'AssertionError' });
  });
});
