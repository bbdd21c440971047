import assert from 'node:assert/strict';
import type { Entry, Index, MemberId, Membership, Term } from '../../src/raft/entry.ts';
import { votersOf } from '../../src/raft/membership.ts';
import { majority } from '../../src/raft/quorum.ts';
import type { Raft } from '../../src/raft/raft.ts';
import type { Ready } from '../../src/raft/ready.ts';
import type { MemoryLog } from './memory-log.ts';

export interface Checked {
  readonly id: MemberId;
  readonly raft: Raft;
  readonly log: MemoryLog;
}

interface Committed {
  readonly entry: Entry;
  /** Of the leader that committed it. */
  readonly inTerm: Term;
}

/**
 * Watches all members of a cluster and knows everything that ever happened. Throws when an
 * invariant breaks.
 */
export class Checker {
  readonly #leaders = new Map<Term, MemberId>();
  /** What (index, term) was first seen to mean: its entry, and the term before it. */
  readonly #seen = new Map<string, { entry: Entry; previousTerm: Term | undefined }>();
  /** Index i at place i - 1. */
  readonly #committed: Committed[] = [];
  readonly #commitOf = new Map<MemberId, Index>();
  readonly #memberships: { index: Index; membership: Membership }[];

  constructor(initial: Membership) {
    this.#memberships = [{ index: 0, membership: initial }];
  }

  get committedIndex(): Index {
    return this.#committed.length;
  }

  committedEntries(): Entry[] {
    return this.#committed.map(({ entry }) => entry);
  }

  committedTerm(index: Index): Term {
    return this.#committed[index - 1]?.entry.term ?? 0;
  }

  membershipAt(index: Index): Membership {
    return this.#memberships.findLast((one) => one.index <= index)!.membership;
  }

  /**
   * A restarted member may have forgotten how far it had committed, and that it led: the only voter leads before its vote for
   * itself is on disk, and until then nobody hears of it. What a crash made unseen never was.
   */
  restarted(id: MemberId, durableTerm: Term): void {
    this.#commitOf.delete(id);
    for (const [term, leader] of this.#leaders)
      if (leader === id && term > durableTerm) this.#leaders.delete(term);
  }

  /** After a Ready was handed to the log. */
  afterReady(member: Checked, ready: Ready, logOf: (id: MemberId) => MemoryLog): void {
    for (const message of ready.messages) {
      if (message.type !== 'append-request') continue;
      this.sawEntries(member.id, message.previous.term, message.entries);
    }
    this.#checkLeader(member, ready);
    this.#checkCommit(member, ready, logOf);
  }

  /** I1 and I3, and a leader only appends (dissertation, figure 3.2). */
  #checkLeader({ id, log }: Checked, ready: Ready): void {
    if (ready.role !== 'leader') return;
    const known = this.#leaders.get(ready.term);
    assert.ok(
      known === undefined || known === id,
      `I1: ${known} and ${id} lead term ${ready.term}`,
    );
    assert.equal(ready.leader, id);
    assert.equal(ready.truncateFrom, null, `leader ${id} truncates its log`);
    if (known !== undefined) return;
    this.#leaders.set(ready.term, id);
    this.#committed.forEach(({ entry, inTerm }) => {
      if (inTerm >= ready.term || entry.index <= log.base.index) return;
      assert.equal(log.term(entry.index), entry.term, `I3: leader ${id} lacks ${entry.index}`);
    });
  }

  /**
   * I2 by induction: index and term name one entry, and one entry before it. Called for what leaves
   * a member and what is on its disk: what a crash made unseen never was.
   */
  sawEntries(id: MemberId, previousTerm: Term | undefined, entries: readonly Entry[]): void {
    let before = previousTerm;
    for (const entry of entries) {
      const key = `${entry.term}:${entry.index}`;
      const seen = this.#seen.get(key);
      if (seen === undefined) this.#seen.set(key, { entry, previousTerm: before });
      else {
        assert.deepEqual(entry, seen.entry, `I2: ${id} has another entry ${key}`);
        const same = before === undefined || before === seen.previousTerm;
        assert.ok(same, `I2: ${id} has another entry before ${key}`);
      }
      before = entry.term;
    }
  }

  #checkCommit(member: Checked, ready: Ready, logOf: (id: MemberId) => MemoryLog): void {
    const { id, log } = member;
    const before = this.#commitOf.get(id) ?? 0;
    assert.ok(ready.commit >= before, `commit of ${id} went from ${before} to ${ready.commit}`);
    assert.ok(ready.commit <= log.lastIndex, `commit of ${id} is past its log`);
    this.#commitOf.set(id, ready.commit);
    for (let i = Math.max(before, log.base.index) + 1; i <= ready.commit; i++) {
      const entry = log.entries(i, i, 0)[0]!;
      const known = this.#committed[i - 1];
      if (known === undefined) this.#commit(member, ready, entry, logOf);
      else assert.deepEqual(entry, known.entry, `${id} committed another entry ${i}`);
    }
  }

  /** I4: the first to commit is a leader, and then a majority has the entry on disk. */
  #commit(member: Checked, ready: Ready, entry: Entry, logOf: (id: MemberId) => MemoryLog): void {
    const { index, term, membership } = entry;
    assert.equal(this.#committed.length, index - 1, `gap before committed entry ${index}`);
    const voters = votersOf(member.raft.membership);
    const durable = voters.filter((id) => {
      const log = logOf(id);
      return log.base.index >= index || log.durableTerm(index) === term;
    });
    const enough = durable.length >= majority(voters.length);
    assert.ok(enough, `I4: ${member.id} committed ${index}, on disk of ${durable} only`);
    this.#committed.push({ entry, inTerm: ready.term });
    if (membership !== null) this.#memberships.push({ index, membership });
  }
}
