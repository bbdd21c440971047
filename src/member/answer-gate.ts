import { type Durability, mayBeLost, type Reached } from '../api/durability.ts';
import type { EntryId, Index, MemberId, Membership } from '../raft/entry.ts';

/** What a leader knows about how far its entries have come. */
export interface Progress {
  readonly self: MemberId;
  readonly commit: () => Index;
  /** This member's own disk has its log up to here. */
  readonly durable: () => Index;
  readonly membership: () => Membership;
  /** The other members' disks have the log up to here. */
  readonly matches: () => ReadonlyMap<MemberId, { readonly match: Index }>;
  readonly now: () => number;
}

interface Held {
  readonly position: EntryId;
  readonly durability: Durability;
  readonly untilMs: number;
  readonly answer: (reached: Reached) => void;
  /** Called instead when nobody waits for the answer any more. */
  readonly late: () => void;
}

/**
 * On a leader: holds answers back until what they tell of is on as many disks as was asked for (I4). An entry counts for
 * nothing before it is in the log; its position tells when it is. Call `committed` when the commit index has moved, `look`
 * when anything else may have, and `tick` now and then: an answer that a member which is gone holds up is let go with its caller.
 */
export class AnswerGate {
  readonly #progress: Progress;
  /** Waiting for the commit index, in the order in which they came. */
  #forQuorum: Held[] = [];
  #others: Held[] = [];
  /** Index of each write that was acknowledged before it was committed. */
  #atRisk: Index[] = [];

  constructor(progress: Progress) {
    this.#progress = progress;
  }

  /** Acknowledged writes that would be lost if this leader died now. */
  get atRisk(): number {
    return this.#atRisk.length;
  }

  /** Answers at once where that much is reached already. */
  hold(
    position: EntryId,
    durability: Durability,
    timeoutMs: number,
    answer: Held['answer'],
    late: Held['late'] = () => {},
  ): void {
    const untilMs = this.#progress.now() + timeoutMs;
    const waiting = durability === 'quorum' ? this.#forQuorum : this.#others;
    waiting.push(...this.#answerReached([{ position, durability, untilMs, answer, late }]));
  }

  committed(): void {
    const commit = this.#progress.commit();
    if (this.#atRisk.length > 0) this.#atRisk = this.#atRisk.filter((index) => index > commit);
    if (this.#forQuorum.length > 0) this.#forQuorum = this.#answerReached(this.#forQuorum);
  }

  look(): void {
    if (this.#others.length > 0) this.#others = this.#answerReached(this.#others);
  }

  /** What waits for a majority needs no look: that moves, or this member leads no more. */
  tick(): void {
    if (this.#others.length === 0) return;
    const now = this.#progress.now();
    const late = this.#others.filter(({ untilMs }) => untilMs <= now);
    if (late.length === 0) return;
    this.#others = this.#others.filter(({ untilMs }) => untilMs > now);
    for (const one of late) one.late();
  }

  /** Leadership is lost: nothing that is held back here will be answered. */
  clear(): void {
    this.#forQuorum = [];
    this.#others = [];
    this.#atRisk = [];
  }

  /** Returns those that have to wait on. */
  #answerReached(held: readonly Held[]): Held[] {
    const far = this.#progressNow();
    const rest: Held[] = [];
    for (const one of held) {
      if (!far.isReached(one)) rest.push(one);
      else {
        const { index } = one.position;
        const committed = index <= far.commit;
        if (!committed) this.#atRisk.push(index);
        one.answer({ committed, members: far.membersWith(index) });
      }
    }
    return rest;
  }

  /** Looked up once for many answers, most of which are about the same entry. */
  #progressNow() {
    const { self, commit, durable, membership, matches } = this.#progress;
    const members = membership();
    const others = matches();
    const voters = members.filter(({ voter }) => voter).map(({ id }) => id);
    const known = new Map<Index, MemberId[]>();
    const far = {
      commit: commit(),
      /** Members whose disks are known to have the log up to `index`, in the order of the membership. */
      membersWith: (index: Index): MemberId[] => {
        const before = known.get(index);
        if (before !== undefined) return before;
        const matchOf = (id: MemberId) => (id === self ? durable() : (others.get(id)?.match ?? 0));
        const found = members.map(({ id }) => id).filter((id) => matchOf(id) >= index);
        known.set(index, found);
        return found;
      },
      isReached: ({ position: { index }, durability }: Held): boolean => {
        // Copies alone do not decide: an entry of an old term is not committed by them, and learners do not count.
        if (index > far.commit && !mayBeLost(durability, voters.length)) return false;
        if (durability === 'quorum') return true;
        const have = far.membersWith(index);
        if (!have.includes(self)) return false;
        if (durability === 'local') return true;
        if (typeof durability === 'number') return have.length >= durability;
        return (durability === 'all' ? voters : durability).every((id) => have.includes(id));
      },
    };
    return far;
  }
}
