import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeRead, encodeReadAnswer } from '../../src/api/read-wire.ts';
import { decodeToken, encodeToken } from '../../src/api/token.ts';
import { PacelineError } from '../../src/base/errors.ts';
import { systemClock } from '../../src/member/clock.ts';
import { makeRequest } from '../../src/member/read-request.ts';
import { ReadWaits } from '../../src/member/read-waits.ts';
import { ReadsElsewhere } from '../../src/member/reads-elsewhere.ts';
import { Session } from '../../src/member/session.ts';
import { SharedState } from '../../src/member/shared-state.ts';
import type { EntryId } from '../../src/raft/entry.ts';

const LOST = { term: 1, index: 32 };
const OF_ANOTHER = { term: 1, index: 30 };
const NOT_HERE = new PacelineError('LAGGING', 'this copy is behind');

/** A handle whose reads go to a leader that knows one position to be lost, and else answers from 3.48. */
function reader() {
  const shared = new SharedState();
  const session = new Session(shared);
  session.begin();
  const waits = new ReadWaits(shared, systemClock, 8);
  const asked: (string | undefined)[] = [];
  const elsewhere = new ReadsElsewhere({
    ...{ session, waits, clock: systemClock, serve: () => assert.fail('nothing is served here') },
    post: {
      forward(key, bytes) {
        const { after } = decodeRead(bytes).options;
        asked.push(after);
        queueMicrotask(() => elsewhere.answered(key, answerOf(after)));
      },
      cancel: () => assert.fail('each is answered'),
      served: () => assert.fail('nothing is served here'),
    },
  });
  const query = (after?: string) => {
    const options = after === undefined ? {} : { after };
    const request = makeRequest(options, shared, systemClock.now(), 60_000);
    return elsewhere.query('SELECT 1', undefined, request, options, NOT_HERE);
  };
  return { session, asked, query };
}

function answerOf(after: string | undefined): Uint8Array {
  if (after === undefined || !isSame(decodeToken(after), LOST))
    return encodeReadAnswer({
      ...{ result: { columns: ['1'], rows: [[1]] }, token: encodeToken({ term: 3, index: 48 }) },
    });
  const message = 'what the token stands for, at 1.32 was discarded by a failover';
  return encodeReadAnswer({ error: new PacelineError('POSITION_LOST', message).toRecord() });
}

function isSame(one: EntryId, other: EntryId): boolean {
  return one.term === other.term && one.index === other.index;
}

const ownIsLost = { code: 'POSITION_LOST', message: /^a write of this handle, at 1\.32/ };

test('of a write of its own that is lost a handle is told once, also when another member finds out', async () => {
  const { session, asked, query } = reader();
  session.wrote(LOST);
  await assert.rejects(query(encodeToken(OF_ANOTHER)), ownIsLost);
  assert.equal(session.takeLost(LOST), null);
  assert.deepEqual((await query(encodeToken(OF_ANOTHER))).rows, [[1]]);
  assert.deepEqual(asked, [encodeToken(LOST), encodeToken(OF_ANOTHER)]);
});

test('a read that finds the loss told by another one goes on without it', async () => {
  const { session, asked, query } = reader();
  session.wrote(LOST);
  const [first, second] = [query(), query()];
  await assert.rejects(first, ownIsLost);
  assert.deepEqual((await second).rows, [[1]]);
  assert.equal(asked.length, 3);
});

test('a lost token of the caller’s is told whenever it is given', async () => {
  const { query } = reader();
  const ofToken = { code: 'POSITION_LOST', message: /^what the token stands for, at 1\.32/ };
  await assert.rejects(query(encodeToken(LOST)), ofToken);
  await assert.rejects(query(encodeToken(LOST)), ofToken);
});
