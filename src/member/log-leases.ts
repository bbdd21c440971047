import type { Index, MemberId } from '../raft/entry.ts';
import type { LogNeed } from './compaction.ts';

/** Kept so long after it was last asked for: several times the interval at which a receiver asks. */
const LEASE_MS = 10_000;

/**
 * What a leader knows of the snapshots that other members are receiving, from whomever: the log behind these must not be
 * forgotten meanwhile, or they would be in vain.
 */
export class LogLeases {
  readonly #leases = new Map<MemberId, { readonly need: LogNeed; readonly untilMs: number }>();

  renew(member: MemberId, after: Index, snapshotBytes: number, nowMs: number): void {
    const need = { from: after + 1, snapshotBytes };
    this.#leases.set(member, { need, untilMs: nowMs + LEASE_MS });
  }

  needs(nowMs: number): LogNeed[] {
    for (const [member, { untilMs }] of this.#leases)
      if (untilMs < nowMs) this.#leases.delete(member);
    return [...this.#leases.values()].map(({ need }) => need);
  }
}
