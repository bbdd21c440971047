import assert from 'node:assert/strict';
import { PacelineError } from '../../src/base/errors.ts';
import { Prng } from '../../src/base/prng.ts';
import type { EntryId, Index, MemberId, Membership } from '../../src/raft/entry.ts';
import { Cluster } from './cluster-fixture.ts';
import { type Member, membership } from './member-fixture.ts';

const IDS = ['a', 'b', 'c', 'd', 'e'];
/** Ticks within which a healed cluster must have agreed: many election timeouts. */
const HEAL_TICKS_MAX = 600;

/** How often each thing happens, relative to the others. */
const WEIGHTS = {
  deliver: 1200,
  flush: 500,
  tick: 160,
  propose: 60,
  read: 25,
  lose: 8,
  duplicate: 8,
  crash: 3,
  restart: 12,
  cut: 3,
  heal: 10,
  gone: 4,
  reachable: 6,
  transfer: 3,
  change: 12,
  compact: 8,
  install: 20,
} as const;
type Step = keyof typeof WEIGHTS;
const STEPS = Object.keys(WEIGHTS) as Step[];
/** Of these there is less or more, depending on the seed. */
const TROUBLES: ReadonlySet<Step> = new Set(['lose', 'crash', 'cut', 'gone', 'transfer', 'change']);
const TROUBLE_FACTORS = [0.3, 1, 3];

/** A cluster in trouble: one seed decides all that happens to it. */
export class RandomRun {
  readonly cluster: Cluster;
  readonly #prng: Prng;
  readonly #weights: ReadonlyMap<Step, number>;
  /** For each read: what was committed when it was asked for. */
  readonly #asked = new Map<number, Index>();
  reads = 0;
  readsServed = 0;

  constructor(seed: number) {
    this.#prng = new Prng(seed);
    const factor = this.#one(TROUBLE_FACTORS)!;
    this.#weights = new Map(
      STEPS.map((step) => [step, WEIGHTS[step] * (TROUBLES.has(step) ? factor : 1)]),
    );
    const first = membership('a', 'b', 'c');
    this.cluster = new Cluster(first, {
      seed,
      settings: { inflightBytesMax: 60, appendBytesMax: 30 },
    });
    for (const id of IDS) if (!first.some((one) => one.id === id)) this.cluster.add(id);
  }

  run(steps: number): void {
    for (let i = 0; i < steps; i++) {
      this[this.#pick()]();
      this.#checkReads();
    }
  }

  heal(): void {
    this.cluster.heal();
  }

  /**
   * The troubles end: everyone comes back, and the cluster must agree on everything, a new entry
   * included.
   */
  recover(): void {
    this.cluster.heal();
    for (const member of this.cluster.members.values()) {
      if (!member.up) this.cluster.restart(member.id);
    }
    let proposed: EntryId | null = null;
    for (let ticks = 0; ticks < HEAL_TICKS_MAX; ticks++) {
      this.cluster.run();
      for (const member of this.cluster.members.values()) {
        if (member.snapshotNeed !== null) this.cluster.install(member.id);
      }
      const { leader } = this.cluster;
      if (leader !== null && this.#agreed(leader, proposed)) return;
      const stale = proposed?.term !== leader?.raft.term;
      if (stale && leader?.raft.canPropose()) proposed = this.cluster.propose(leader.id);
      this.cluster.tickAll();
      this.#checkReads();
    }
    assert.fail('the healed cluster does not agree');
  }

  #agreed({ raft }: Member, proposed: EntryId | null): boolean {
    if (proposed?.term !== raft.term || raft.commit < raft.lastIndex) return false;
    return raft.membership.every(({ id }) => this.cluster.raft(id).commit === raft.commit);
  }

  #pick(): Step {
    const total = [...this.#weights.values()].reduce((sum, weight) => sum + weight, 0);
    let at = (this.#prng.next() / 2 ** 32) * total;
    for (const [step, weight] of this.#weights) {
      at -= weight;
      if (at < 0) return step;
    }
    throw new Error('weights do not add up');
  }

  #one<T>(all: readonly T[]): T | undefined {
    return all.length === 0 ? undefined : all[this.#prng.between(0, all.length - 1)];
  }

  #up(): Member[] {
    return [...this.cluster.members.values()].filter((member) => member.up);
  }

  #leader(): Member | undefined {
    return this.#one(this.#up().filter(({ raft }) => raft.canPropose()));
  }

  /** Mostly the oldest message, sometimes any. */
  deliver(): void {
    const { network } = this.cluster;
    const message = this.#prng.chance(0.8) ? network[0] : this.#one(network);
    if (message === undefined) return;
    this.cluster.take((one) => one === message);
    this.cluster.deliver(message);
  }

  lose(): void {
    const message = this.#one(this.cluster.network);
    this.cluster.take((one) => one === message);
  }

  duplicate(): void {
    const message = this.#one(this.cluster.network);
    if (message !== undefined) this.cluster.network.push({ ...message });
  }

  flush(): void {
    const member = this.#one(this.#up().filter(({ waiting }) => waiting.length > 0));
    if (member !== undefined) this.cluster.flush(member.id);
  }

  tick(): void {
    const member = this.#one(this.#up());
    if (member !== undefined) this.cluster.tick(member.id);
  }

  propose(): void {
    const leader = this.#leader();
    if (leader !== undefined) this.cluster.propose(leader.id, this.#prng.between(0, 40));
  }

  read(): void {
    const member = this.#one(this.#up());
    if (member === undefined) return;
    this.reads += 1;
    this.#asked.set(this.reads, this.cluster.checker.committedIndex);
    this.cluster.call(member.id, (raft) => raft.readIndex(this.reads));
  }

  crash(): void {
    const member = this.#one(this.#up());
    if (member !== undefined) this.cluster.crash(member.id);
  }

  restart(): void {
    const member = this.#one([...this.cluster.members.values()].filter(({ up }) => !up));
    if (member !== undefined) this.cluster.restart(member.id);
  }

  /** One direction only, or one member from all others. */
  cut(): void {
    const from = this.#one(IDS)!;
    if (this.#prng.chance(0.5)) this.cluster.isolate(from);
    else this.cluster.cuts.add(`${from}→${this.#one(IDS)}`);
  }

  gone(): void {
    const member = this.#one(this.#up());
    const peer = this.#prng.chance(0.5) ? member?.raft.leader : this.#one(IDS);
    if (member === undefined || !peer) return;
    this.cluster.call(member.id, (raft) => raft.peerGone(peer));
  }

  reachable(): void {
    const member = this.#one(this.#up());
    if (member !== undefined)
      this.cluster.call(member.id, (raft) => raft.peerReachable(this.#one(IDS)!));
  }

  transfer(): void {
    const leader = this.#leader();
    if (leader === undefined) return;
    const to = this.#prng.chance(0.5) ? null : this.#one(IDS)!;
    this.#attempt(() => this.cluster.call(leader.id, (raft) => raft.transferLeadership(to)));
  }

  change(): void {
    const leader = this.#leader();
    if (leader === undefined) return;
    const next = this.#changed(leader.raft.membership, this.#one(IDS)!);
    this.#attempt(() => this.cluster.propose(leader.id, 1, next));
  }

  /** Out, in as a learner, or in as a voter. */
  #changed(current: Membership, id: MemberId): Membership {
    const others = current.filter((one) => one.id !== id);
    const was = current.find((one) => one.id === id);
    if (was !== undefined && this.#prng.chance(0.4)) return others;
    const now = { id, address: `${id}:1`, voter: was !== undefined && !was.voter };
    return [...others, now].sort((x, y) => (x.id < y.id ? -1 : 1));
  }

  compact(): void {
    const member = this.#one(this.#up());
    if (member === undefined) return;
    const { log, raft, id } = member;
    if (raft.commit > log.base.index) {
      this.cluster.compact(id, this.#prng.between(log.base.index + 1, raft.commit));
    }
  }

  install(): void {
    const member = this.#one(this.#up().filter(({ snapshotNeed }) => snapshotNeed !== null));
    if (member !== undefined) this.cluster.install(member.id);
  }

  /** What is not allowed just now is refused as such, and nothing else goes wrong. */
  #attempt(action: () => void): void {
    try {
      action();
    } catch (error) {
      if (!(error instanceof PacelineError) || error.code !== 'REQUEST_INVALID') throw error;
    }
  }

  #checkReads(): void {
    for (const member of this.cluster.members.values()) {
      for (const { context, index } of member.reads.splice(0)) {
        this.readsServed += 1;
        const least = this.#asked.get(context)!;
        assert.ok(index >= least, `${member.id} would read at ${index}, ${least} was committed`);
      }
      member.readsFailed.length = 0;
    }
  }
}
