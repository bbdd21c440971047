import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Status } from '../../src/index.ts';
import { freeAddresses } from './addresses.ts';
import { Member, type ProcessOptions } from './member.ts';
import { until } from './until.ts';

/** A test, or what stands in for one in the hooks of a file. */
export interface Scope {
  readonly after: (fn: () => unknown) => void;
}

export type ClusterOptions = Partial<ProcessOptions>;

/** Members as processes of their own; every process and file is gone after the test, however it ended. */
export class Cluster {
  readonly members: readonly Member[];
  readonly base: string;
  readonly #beforeRemoval: (() => void)[] = [];

  constructor(base: string, members: readonly Member[]) {
    this.base = base;
    this.members = members;
  }

  get(id: string): Member {
    return this.members.find((member) => member.id === id)!;
  }

  get running(): Member[] {
    return this.members.filter((member) => member.running);
  }

  others(member: Member): Member[] {
    return this.members.filter((other) => other !== member);
  }

  async start(): Promise<void> {
    await Promise.all(this.members.map((member) => member.start()));
  }

  /** The member that leads, once it leads and a majority of those in `among` says so too. */
  leader(among: readonly Member[] = this.running): Promise<Member> {
    return until(`a leader among ${among.map((m) => m.id)}`, async () => {
      const statuses = await Promise.all(among.map((member) => member.status()));
      const term = Math.max(...statuses.map((status) => status.term));
      const leads = statuses.find((status) => status.role === 'leader' && status.term === term);
      const agree = statuses.filter((s) => s.leader === leads?.id && s.term === term);
      return leads !== undefined && agree.length * 2 > this.members.length && this.get(leads.id);
    });
  }

  async followers(): Promise<Member[]> {
    return this.others(await this.leader());
  }

  async kill(): Promise<void> {
    await Promise.all(this.members.map((member) => member.kill()));
  }

  /** Runs `work` when no member runs any more, before the files are removed. */
  beforeRemoval(work: () => void): void {
    this.#beforeRemoval.push(work);
  }

  async destroy(): Promise<void> {
    await this.kill();
    for (const work of this.#beforeRemoval) work();
    rmSync(this.base, { recursive: true, force: true });
  }
}

/** A directory that is removed after the test. */
export function scratch(t: Scope): string {
  const dir = mkdtempSync(join(tmpdir(), 'paceline-test-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** `count` members named a, b, c …; not started. */
export async function makeCluster(
  t: Scope,
  count: number,
  options: ClusterOptions = {},
): Promise<Cluster> {
  const base = mkdtempSync(join(tmpdir(), 'paceline-cluster-'));
  const ids = Array.from({ length: count }, (_, i) => String.fromCharCode(97 + i));
  const members = await freeAddresses(ids);
  const make = (id: string) => new Member({ members, ...options, id, dir: join(base, id) });
  const cluster = new Cluster(base, ids.map(make));
  t.after(() => cluster.destroy());
  return cluster;
}

/** The same, started, with a leader. */
export async function startCluster(
  t: Scope,
  count: number,
  options: ClusterOptions = {},
): Promise<Cluster> {
  const cluster = await makeCluster(t, count, options);
  await cluster.start();
  await cluster.leader();
  return cluster;
}

type Observed = Pick<Member, 'status'> & Partial<Pick<Member, 'logs'>>;

/** Where each member stood and what it logged last. */
function describe(statuses: readonly Status[], members: readonly Observed[]): string {
  const lines = statuses.map((s) => {
    const { id, role, term, leader, firstIndex, lastIndex, commitIndex, position, snapshot } = s;
    const place = { firstIndex, lastIndex, commitIndex, position: position.index };
    return JSON.stringify({ id, role, term, leader, ...place, snapshot });
  });
  const logs = members.flatMap(({ logs }) => logs?.slice(-8).map(({ message }) => message) ?? []);
  return ['', ...lines, ...logs].join('\n');
}

/** Waits until all have applied, and reported, the same last entry; they must then have the same checksum (I7). */
export async function converge(members: readonly Observed[]): Promise<Status> {
  let seen: readonly Status[] = [];
  const look = async () => {
    const all = await Promise.all(members.map((member) => member.status()));
    seen = all;
    const last = Math.max(...all.map((status) => status.lastIndex));
    const there = all.every(
      ({ position, lastIndex, commitIndex, appliedIndex }) =>
        position.index === last &&
        lastIndex === last &&
        commitIndex === last &&
        appliedIndex === last,
    );
    return there && all;
  };
  const statuses = await until('all members at the same position', look, () =>
    describe(seen, members),
  );
  for (const { id, position, checksum } of statuses) {
    assert.deepEqual(position, statuses[0]!.position, `position of ${id}`);
    assert.equal(checksum, statuses[0]!.checksum, `checksum of ${id} at ${position.index}`);
  }
  return statuses[0]!;
}
