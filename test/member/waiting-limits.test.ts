import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { LocalDatabase } from '../../src/index.ts';
import { Local } from './fixture.ts';

const LIMITS = { writeQueueBytesMax: 100_000, readQueueMax: 50 };
/** As `docs/limits.md` has them: they are no options. */
const TRANSACTIONS_MAX = 1024;
const STEPS_MAX = 1024;

const INSERT = 'INSERT INTO t(x) VALUES (?)';

const local = new Local({ after });
let members: LocalDatabase[];

before(async () => {
  members = await local.openAll(['a', 'b'], LIMITS);
  await members[0]!.execute('CREATE TABLE t(n INTEGER PRIMARY KEY, x)');
});

/** What became of the calls: how many were done, and how many refused, retryably, for a reason that fits `why`. */
async function tally(calls: readonly Promise<unknown>[], why: RegExp): Promise<[number, number]> {
  let refused = 0;
  for (const one of await Promise.allSettled(calls)) {
    if (one.status === 'fulfilled') continue;
    const { code, category, message } = one.reason;
    assert.deepEqual([code, category], ['OVERLOADED', 'retryable'], message);
    assert.match(message, why);
    refused++;
  }
  return [calls.length - refused, refused];
}

for (const [which, name] of ['the leader', 'a follower'].entries()) {
  test(`more bytes of writes than may wait are refused at once, retryably, through ${name}, and all goes on`, async () => {
    const db = members[which]!;
    const blob = new Uint8Array(20_000);
    const tx = await db.transaction('write');
    // Each has a few bytes of SQL besides, so five are too many.
    const writes = Array.from({ length: 8 }, () => db.execute(INSERT, [blob]));
    const counted = tally(writes, /100000 bytes of writes.*writeQueueBytesMax/);
    await assert.rejects(writes[4]!, { code: 'OVERLOADED' }, 'while the others wait');
    const small = db.execute(INSERT, [1]);
    await tx.commit();
    assert.deepEqual(await counted, [4, 4]);
    await small;
    const again = Array.from({ length: 4 }, () => db.execute(INSERT, [blob]));
    assert.deepEqual(await tally(again, /never/), [4, 0]);
    // One alone may be larger: it would never be taken otherwise.
    await db.execute(INSERT, [new Uint8Array(150_000)]);
  });

  test(`more strong reads than may wait are refused at once, retryably, on ${name}, and those that wait are served`, async () => {
    const db = members[which]!;
    const read = () => db.query('SELECT 1', [], { level: 'strong' });
    const reads = Array.from({ length: 60 }, read);
    assert.deepEqual(await tally(reads, /readQueueMax/), [50, 10]);
    assert.deepEqual((await read()).rows, [[1]]);
  });

  test(`more transactions than a handle may have at the leader are refused, retryably, through ${name}, and others go on`, async () => {
    const db = members[which]!;
    const first = await db.transaction('write');
    const stops = Array.from({ length: TRANSACTIONS_MAX - 1 }, () => new AbortController());
    const waiting = stops.map(({ signal }) => db.transaction('write', { signal }));
    const all = Promise.allSettled(waiting);
    assert.deepEqual(await tally([db.transaction('write')], /1024 transactions/), [0, 1]);
    await assert.rejects(db.transaction('deferred'), { code: 'OVERLOADED' });
    // Those that read are no concern of the leader.
    await (await db.transaction('read')).commit();
    await first.execute(INSERT, ['first']);
    await first.commit();
    for (const stop of stops) stop.abort(new Error('enough'));
    await all;
    await db.transaction((tx) => tx.execute(INSERT, ['next']));
  });

  test(`more statements than one transaction may have waiting are refused, retryably, through ${name}, and it goes on`, async () => {
    const db = members[which]!;
    for (const mode of ['write', 'deferred'] as const) {
      const tx = await db.transaction(mode);
      const steps = Array.from({ length: STEPS_MAX + 5 }, () => tx.execute('SELECT 1'));
      assert.deepEqual(await tally(steps, /1024 statements of this transaction/), [STEPS_MAX, 5]);
      await tx.execute(INSERT, [mode]);
      await tx.commit();
    }
  });
}
