import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryLog } from '../../src/log-store/memory.ts';
import { Compaction, type LogNeed } from '../../src/member/compaction.ts';
import { LogLeases } from '../../src/member/log-leases.ts';
import { INITIAL_HARD_STATE, ORIGIN } from '../../src/raft/entry.ts';
import { DatabaseChecksum } from '../../src/redo/checksum.ts';

const KEEP_BYTES = 1000;
/** Of a member that does not lead. */
const RAFT = { membershipAt: () => [], progress: () => new Map() };
const CHECKSUM = new DatabaseChecksum().take();

/** A log whose every entry has 100 bytes, with a checkpoint after each. */
class Compacted {
  readonly log: MemoryLog;
  readonly #compaction: Compaction;
  #needs: readonly LogNeed[];

  constructor(needs: readonly LogNeed[] = []) {
    const base = { id: ORIGIN, membership: [], extra: new DatabaseChecksum().toBytes() };
    const onFailure = (error: Error) => assert.fail(error);
    this.log = new MemoryLog({ base, hardState: INITIAL_HARD_STATE, onFailure });
    this.#compaction = new Compaction(this.log, RAFT, KEEP_BYTES);
    this.#needs = needs;
  }

  append(count: number): this {
    for (let i = 0; i < count; i++) {
      const index = this.log.lastIndex + 1;
      const entry = { term: 1, index, membership: null, data: new Uint8Array(100) };
      this.log.write({ truncateFrom: null, entries: [entry], hardState: null }, () => {});
      this.log.complete();
      this.#compaction.appended(100);
      this.#compaction.checkpointed({ id: { term: 1, index }, checksum: CHECKSUM }, this.#needs);
    }
    return this;
  }

  /** Entries kept. */
  get kept(): number {
    return this.log.lastIndex - this.log.base.index;
  }
}

test('the last so many bytes of the log are kept for followers', () => {
  assert.equal(new Compacted().append(9).kept, 9);
  assert.equal(new Compacted().append(50).kept, 10);
});

test('a follower that is further behind is waited for, up to twice as much', () => {
  const far = { from: 5, snapshotBytes: 0 };
  assert.equal(new Compacted([far]).append(18).log.base.index, 4);
  assert.equal(new Compacted([far]).append(50).kept, 20);
});

test('what a snapshot under way needs behind it is kept until it is larger than the snapshot', () => {
  const receiving = { from: 5, snapshotBytes: 8000 };
  assert.equal(new Compacted([receiving]).append(80).log.base.index, 4);
  assert.equal(new Compacted([receiving]).append(200).kept, 80);
  const small = { from: 5, snapshotBytes: 300 };
  assert.equal(new Compacted([small]).append(50).kept, 20, 'not less than for any follower');
});

test('a lease lasts as long as it is renewed', () => {
  const leases = new LogLeases();
  assert.deepEqual(leases.needs(0), []);
  leases.renew('b', 10, 5000, 0);
  leases.renew('c', 20, 6000, 6_000);
  const b = { from: 11, snapshotBytes: 5000 };
  const c = { from: 21, snapshotBytes: 6000 };
  assert.deepEqual(leases.needs(10_000), [b, c]);
  assert.deepEqual(leases.needs(10_001), [c]);
  leases.renew('c', 30, 7000, 12_000);
  assert.deepEqual(leases.needs(22_000), [{ from: 31, snapshotBytes: 7000 }]);
});
