import type { Prng } from '../../src/base/prng.ts';
import type { MemberId } from '../../src/raft/entry.ts';
import type { Cluster } from './cluster.ts';
import type { MemberProcess } from './member.ts';
import type { FaultKind } from './plan.ts';

/** Each says whether it did anything, or whether that may come: then it tells `Trouble.happened`. */
export type Actions = Partial<Record<FaultKind, () => boolean | 'later'>>;

/** How long a member stays down. */
const DOWN_MS = { min: 20, max: 3000 };
/** How long a trouble lasts that ends by itself. */
const TROUBLE_MS = { min: 50, max: 4000 };

/** What all faults have in common: whom they meet, how long they last, and that they are told. */
export class Trouble {
  readonly cluster: Cluster;
  readonly prng: Prng;
  /** Nothing goes wrong any more. */
  over = false;
  /** How often each kind happened. */
  readonly counts = new Map<FaultKind, number>();

  constructor(cluster: Cluster, prng: Prng) {
    this.cluster = cluster;
    this.prng = prng;
  }

  happened(kind: FaultKind): void {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
  }

  note(who: string, what: string): true {
    this.cluster.trace.add(who, `** ${what}`);
    return true;
  }

  one<T>(of: readonly T[]): T | null {
    return of.length === 0 ? null : of[this.prng.between(0, of.length - 1)]!;
  }

  pair(): [MemberId, MemberId] | null {
    const a = this.one(this.cluster.ids);
    const b = this.one(this.cluster.ids.filter((id) => id !== a));
    return a === null || b === null ? null : [a, b];
  }

  /** `work` happens after a while, or at the end of all faults. */
  afterTrouble(work: () => void): void {
    const ms = this.prng.between(TROUBLE_MS.min, TROUBLE_MS.max);
    this.cluster.timeline.after(ms, () => {
      if (!this.over) work();
    });
  }

  oneRunning(): MemberProcess | null {
    const leader = this.cluster.leader();
    if (leader !== null && this.prng.chance(0.4)) return leader;
    return this.one(this.cluster.running());
  }

  /** It is started again after a while. */
  end(process: MemberProcess, power: boolean, downMsMax = DOWN_MS.max): void {
    this.note(process.id, power ? 'loses power' : 'is killed');
    this.cluster.end(process, power);
    const ms = this.prng.between(DOWN_MS.min, downMsMax);
    this.cluster.timeline.after(ms, () => this.cluster.start(process.id));
  }
}
