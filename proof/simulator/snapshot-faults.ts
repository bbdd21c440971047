import type { MemberId } from '../../src/raft/entry.ts';
import type { Machine } from './machine.ts';
import type { FaultKind } from './plan.ts';
import type { Actions, Trouble } from './trouble.ts';

/** So many answers of a giver are let through at most before something happens to the transfer. */
const ANSWERS_MAX = 6;
/** Nothing happens at once: the answer may be on its way, or there. */
const DELAY_MS_MAX = 40;
/** Who takes a snapshot is soon there again: what it had begun with is held for it still. */
const DOWN_MS_MAX = 300;

/** What befalls databases on their way from one member to another, and the two. */
export class SnapshotFaults {
  readonly #trouble: Trouble;
  readonly actions: Actions = {
    'snapshot-rot': () => this.#next('snapshot-rot', (_, to) => this.#rot(to)),
    'snapshot-giver-dies': () => this.#next('snapshot-giver-dies', (from) => this.#dies(from)),
    'snapshot-taker-dies': () => this.#next('snapshot-taker-dies', (_, to) => this.#dies(to)),
    'lose-snapshot': () => this.#lose(),
  };

  constructor(trouble: Trouble) {
    this.#trouble = trouble;
  }

  /** In the next transfer, when a few answers of it were sent: there may be none for long. */
  #next(kind: FaultKind, act: (from: MemberId, to: MemberId) => boolean): 'later' {
    const { cluster, prng } = this.#trouble;
    const { policy, timeline } = cluster;
    let left = prng.between(1, ANSWERS_MAX);
    policy.onSnapshot = (from, to) => {
      if (--left > 0) return;
      policy.onSnapshot = null;
      timeline.after(prng.between(0, DELAY_MS_MAX), () => {
        if (!this.#trouble.over && act(from, to)) this.#trouble.happened(kind);
      });
    };
    return 'later';
  }

  #machine(id: MemberId): Machine {
    return this.#trouble.cluster.machines.get(id)!;
  }

  /** In a file that is being received. The member goes down: what it has looked at already, it does not look at again. */
  #rot(id: MemberId): boolean {
    const { prng } = this.#trouble;
    const { snapshots, process } = this.#machine(id);
    const found = [...snapshots.files].find(([, { bytes }]) => bytes.length > 0);
    if (found === undefined) return false;
    const [path, { bytes }] = found;
    if (process !== null) this.#trouble.end(process, false, DOWN_MS_MAX);
    bytes[prng.between(0, bytes.length - 1)]! ^= 1 << prng.between(0, 7);
    return this.#trouble.note(id, `a bit of ${path} flips`);
  }

  #dies(id: MemberId): boolean {
    const { process } = this.#machine(id);
    if (process === null) return false;
    this.#trouble.end(process, this.#trouble.prng.chance(0.5), DOWN_MS_MAX);
    return this.#trouble.note(id, 'while a snapshot was on its way');
  }

  #lose(): boolean {
    const { policy } = this.#trouble.cluster;
    policy.snapshotLoss = 0.4;
    this.#trouble.afterTrouble(() => {
      policy.snapshotLoss = 0;
    });
    return this.#trouble.note('', 'parts of snapshots are lost');
  }
}
