import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../src/member/clock.ts';
import { OpenTransaction, type TransactionLink } from '../../src/member/open-transaction.ts';
import { aborted } from '../../src/member/transaction-errors.ts';

const MOVED_ON = aborted('leadership moved on');

/** A transaction whose leader answers nothing but its beginning, and what is known of its commit. */
function transactionOf(committedAt: TransactionLink['committedAt']): OpenTransaction {
  const terms = { mode: 'write', id: 'one', timeoutMs: 30_000, lifetimeMs: 30_000 } as const;
  const transaction: OpenTransaction = new OpenTransaction(
    { ...terms, sqlBytesMax: 1000 },
    {
      clock: systemClock,
      send: (key, { type }) => {
        const reached = { committed: true, members: null };
        const answer = { results: new Uint8Array(), position: { term: 1, index: 1 }, reached };
        if (type === 'begin') setImmediate(() => transaction.answered(key, answer));
        else if (type === 'commit') setImmediate(() => transaction.abort(MOVED_ON));
      },
      forget: () => {},
      committed: () => {},
      over: () => {},
      committedAt,
    },
  );
  return transaction;
}

test('a commit whose outcome cannot be learned is not taken for one that was rolled back, and is not run again', async () => {
  const transaction = transactionOf(() => Promise.reject(new Error('its time is up')));
  await assert.rejects(transaction.commit(), { code: 'OUTCOME_UNKNOWN', requestId: 'one' });
  assert.equal(transaction.wasAborted, false);
});

test('a commit that is nowhere was rolled back, and may be run again', async () => {
  const transaction = transactionOf(() => Promise.resolve(null));
  await assert.rejects(transaction.commit(), { code: 'TRANSACTION_ABORTED' });
  assert.equal(transaction.wasAborted, true);
});

test('a commit that turns out to be there is done', async () => {
  const found = { position: { term: 1, index: 2 }, reached: { committed: true, members: null } };
  const transaction = transactionOf(() => Promise.resolve(found));
  assert.deepEqual((await transaction.commit()).position, found.position);
  assert.equal(transaction.wasAborted, false);
});

test('a batch of one savepoint is refused as it is among others, and the transaction goes on', async () => {
  const transaction = transactionOf(() => Promise.resolve(null));
  for (const sql of ['SAVEPOINT s', 'release s', ' ROLLBACK TO SAVEPOINT s'])
    await assert.rejects(transaction.batch([{ sql }]), {
      code: 'STATEMENT_FORBIDDEN',
      statementIndex: 0,
    });
  assert.equal(transaction.closed, false);
});
