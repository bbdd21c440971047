import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster } from './cluster.ts';
import { LIMITS } from './limits.ts';
import type { Load } from './load.ts';
import type { MemberProcess } from './member-process.ts';
import { type Leader, waitForIndex, waitForLeader } from './observe.ts';
import { clientOf, type Findings, noFindings, verifyWrites, type WriterClaim } from './verify.ts';

/** What the death of a member came to. */
export interface Takeover {
  readonly next: Leader;
  /** The longest time between two acknowledged writes around it: what the writers felt. */
  readonly gapMs: number;
}

/**
 * Follows what happens after `member` was found dead at `noticedMs`; `term` is the term it led, or
 * the one before now when it only followed.
 */
export async function followTakeover(
  cluster: Cluster,
  load: Load,
  noticedMs: number,
  term: number,
): Promise<Takeover> {
  const acknowledged = load.nextAckIssuedSince(noticedMs);
  const next = await waitForLeader(cluster, term);
  const ack = await Promise.race([acknowledged, delay(LIMITS.settleMs, null, { ref: false })]);
  if (ack === null) throw new Error(`no write was acknowledged for ${LIMITS.settleMs} ms`);
  await delay(LIMITS.gapTailMs);
  return { next, gapMs: load.ackTimes.longestGapSince(noticedMs - LIMITS.gapLeadMs) };
}

/**
 * Looks acknowledged writes up in the members that run, each write once: what was verified is not
 * looked at again.
 */
export class Verification {
  readonly findings: Findings = noFindings();
  readonly #load: Load;
  readonly #cluster: Cluster;
  readonly #cities: number;
  readonly #verified = new Map<string, number>();
  #running: Promise<void> = Promise.resolve();

  constructor(cluster: Cluster, load: Load, cities: number) {
    this.#cluster = cluster;
    this.#load = load;
    this.#cities = cities;
  }

  /** How many acknowledged writes were looked up so far. */
  get verified(): number {
    return [...this.#verified.values()].reduce((sum, n) => sum + n, 0);
  }

  /** Verifies all that is acknowledged now, after the verification that is under way. */
  run(): Promise<void> {
    const next = this.#running.then(() => this.#verify());
    this.#running = next.catch(() => {}); // the caller of that run hears of it
    return next;
  }

  async #verify(): Promise<void> {
    const index = this.#load.lastIndex;
    const claims = this.#load.writers.map(
      ({ name, acknowledged }): WriterClaim => ({
        name,
        acknowledged,
        verified: this.#verified.get(name) ?? 0,
      }),
    );
    const up = this.#cluster.members.filter(({ state }) => state === 'up');
    for (const member of up) await this.#verifyMember(member, index, claims);
    for (const { name, acknowledged } of claims) this.#verified.set(name, acknowledged);
  }

  async #verifyMember(
    member: MemberProcess,
    index: number,
    claims: readonly WriterClaim[],
  ): Promise<void> {
    await waitForIndex(member, index);
    await verifyWrites(clientOf(member), claims, this.#cities, this.findings);
  }
}
