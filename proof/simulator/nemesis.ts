import { PacelineError } from '../../src/base/errors.ts';
import type { Prng } from '../../src/base/prng.ts';
import type { MemberId, Membership } from '../../src/raft/entry.ts';
import type { Cluster } from './cluster.ts';
import { DiskFaults } from './disk-faults.ts';
import type { Machine } from './machine.ts';
import { NetworkFaults } from './network-faults.ts';
import { clockDriftPercent, FAULT_KINDS, type FaultKind, type Pace } from './plan.ts';
import { SnapshotFaults } from './snapshot-faults.ts';
import { type Actions, Trouble } from './trouble.ts';

/** Makes things go wrong, then lets them be well again. */
export class Nemesis {
  readonly #cluster: Cluster;
  readonly #prng: Prng;
  readonly #trouble: Trouble;
  readonly #actions: Actions;
  /** What it has done, without what the network does by itself. */
  events = 0;

  constructor(cluster: Cluster, prng: Prng) {
    this.#cluster = cluster;
    this.#prng = prng;
    this.#trouble = new Trouble(cluster, prng);
    this.#actions = {
      ...new NetworkFaults(this.#trouble).actions,
      ...new DiskFaults(this.#trouble).actions,
      ...new SnapshotFaults(this.#trouble).actions,
      kill: () => this.#crash(false),
      'power-loss': () => this.#crash(true),
      'crash-at-io': () => this.#crashAtIo(),
      'crash-at-commit': () => this.#crashAtCommit(),
      restart: () => this.#restart(),
      'clock-drift': () => this.#clockDrift(),
      'clock-jump': () => this.#clockJump(),
      'stall-loop': () => this.#stall('loopThread'),
      'stall-sql': () => this.#stall('sqlThread'),
      'stall-process': () => this.#stallProcess(),
      membership: () => this.#changeMembership(),
      transfer: () => this.#transfer(),
    };
  }

  /** How often each kind happened. */
  get counts(): ReadonlyMap<FaultKind, number> {
    const all = new Map(this.#trouble.counts);
    for (const [kind, count] of Object.entries(this.#cluster.policy.counts))
      all.set(kind as FaultKind, (all.get(kind as FaultKind) ?? 0) + count);
    return all;
  }

  /** Until then; afterwards everything is healed. */
  async run(untilMs: number, { faultEveryMs }: Pace): Promise<void> {
    const { plan, timeline, policy } = this.#cluster;
    if (this.#trouble.over) policy.goWrongAgain();
    this.#trouble.over = false;
    const kinds = FAULT_KINDS.filter((k) => plan.faults.has(k) && this.#actions[k] !== undefined);
    while (timeline.nowMs < untilMs) {
      await this.#cluster.sleep(this.#prng.between(1, 2 * faultEveryMs));
      if (kinds.length === 0 || timeline.nowMs >= untilMs) continue;
      const kind = kinds[this.#prng.between(0, kinds.length - 1)]!;
      if (plan.without.has(kind) || this.events === plan.eventsMax) continue;
      const did = this.#actions[kind]!();
      if (did === false) continue;
      this.events++;
      if (did === true) this.#trouble.happened(kind);
    }
    this.#heal();
  }

  /** From here on nothing goes wrong any more, unless it is run once more. */
  #heal(): void {
    const { network, policy, machines, trace } = this.#cluster;
    this.#trouble.over = true;
    trace.add('', '--- healed');
    policy.heal();
    policy.onSnapshot = null;
    network.healAll();
    for (const machine of machines.values()) {
      this.#cure(machine);
      this.#cluster.start(machine.id);
    }
  }

  #cure(machine: Machine): void {
    machine.diskPlan = () => null;
    machine.databaseSyncFails = false;
    machine.atCommit = null;
    machine.disk.latencyMs = { min: 0, max: this.#cluster.plan.diskMsMax };
    machine.full = false;
  }

  #crash(power: boolean): boolean {
    const all = this.#prng.chance(0.1);
    const targets = all ? this.#cluster.running() : [this.#trouble.oneRunning()];
    for (const process of targets) if (process !== null) this.#trouble.end(process, power);
    return targets.some((process) => process !== null);
  }

  #crashAtIo(): boolean {
    const process = this.#trouble.oneRunning();
    if (process === null) return false;
    const { machine } = process;
    const power = this.#prng.chance(0.5);
    const at = machine.disk.calls + this.#prng.between(1, 20);
    machine.diskPlan = ({ number }) => {
      if (number < at) return null;
      machine.diskPlan = () => null;
      this.#cluster.timeline.after(0, () => this.#endIfRuns(machine, power));
      return 'stop';
    };
    return this.#trouble.note(process.id, `will end in its disk call ${at}`);
  }

  #endIfRuns({ process }: Machine, power: boolean): void {
    if (process !== null && !this.#trouble.over) this.#trouble.end(process, power);
    else if (process !== null) this.#trouble.end(process, false);
  }

  #crashAtCommit(): boolean {
    const process = this.#trouble.oneRunning();
    if (process === null) return false;
    const { machine } = process;
    const power = this.#prng.chance(0.5);
    machine.atCommit = () => {
      machine.atCommit = null;
      this.#cluster.timeline.after(0, () => this.#endIfRuns(machine, power));
    };
    return this.#trouble.note(process.id, 'will end after its next commit');
  }

  /** Closed in an orderly way. */
  #restart(): boolean {
    const process = this.#trouble.one(this.#cluster.serving());
    if (process === null) return false;
    process.ready = false;
    const again = () => {
      this.#cluster.end(process, false);
      this.#cluster.start(process.id);
    };
    process.appThread.run(() => void process.handle.close().then(again));
    return this.#trouble.note(process.id, 'is closed and started again');
  }

  #clockDrift(): boolean {
    const process = this.#trouble.oneRunning();
    if (process === null) return false;
    // Its clock may not go back: the new rate counts from the next start.
    const percent = clockDriftPercent(this.#cluster.plan.options);
    process.machine.clockRate = this.#prng.between(100 - percent, 100 + percent) / 100;
    return this.#trouble.note(process.id, `its clock will go at ${process.machine.clockRate}`);
  }

  #clockJump(): boolean {
    const process = this.#trouble.oneRunning();
    if (process === null) return false;
    const ms = this.#prng.between(10, 20_000);
    process.clockJumpsMs += ms;
    return this.#trouble.note(process.id, `its clock jumps ${ms} ms`);
  }

  #stall(thread: 'loopThread' | 'sqlThread'): boolean {
    const process = this.#trouble.oneRunning();
    if (process === null) return false;
    const ms = this.#prng.between(20, 3 * this.#cluster.plan.options.electionTimeoutMs);
    process[thread].stall(ms);
    return this.#trouble.note(process.id, `its ${thread} stands still for ${ms} ms`);
  }

  #stallProcess(): boolean {
    const process = this.#trouble.oneRunning();
    if (process === null) return false;
    const ms = this.#prng.between(20, 4 * this.#cluster.plan.options.electionTimeoutMs);
    for (const thread of ['appThread', 'loopThread', 'sqlThread'] as const)
      process[thread].stall(ms);
    if (this.#prng.chance(0.3)) this.#isolate(process.id, ms);
    return this.#trouble.note(process.id, `stands still for ${ms} ms`);
  }

  /** Nor does it hear, when it goes on, what has happened meanwhile. */
  #isolate(id: MemberId, ms: number): void {
    const { ids, network, timeline } = this.#cluster;
    const others = ids.filter((other) => other !== id);
    const links = others.flatMap((other) => [[id, other] as const, [other, id] as const]);
    for (const [from, to] of links) network.cut(from, to);
    timeline.after(ms + this.#prng.between(10, 500), () => {
      if (!this.#trouble.over) for (const [from, to] of links) network.heal(from, to);
    });
  }

  /** As an operator does it: Raft alone would not stop the member from executing first. */
  #transfer(): boolean {
    const leader = this.#cluster.leader();
    if (leader?.ready !== true) return false;
    const to = this.#prng.chance(0.5) ? undefined : this.#trouble.one(this.#cluster.ids)!;
    const refused = (error: unknown) => {
      if (!(error instanceof PacelineError)) this.#cluster.fail(error);
    };
    leader.appThread.run(() => void leader.handle.transferLeadership(to).catch(refused));
    return this.#trouble.note(leader.id, `is to hand over to ${to ?? 'anybody'}`);
  }

  #changeMembership(): boolean {
    const leader = this.#cluster.leader();
    if (leader?.raft?.canPropose() !== true) return false;
    const { raft } = leader;
    const id = this.#trouble.one(this.#cluster.ids)!;
    const next = this.#changed(raft.membership, id);
    leader.loopThread.run(() => this.#attempt(() => raft.changeMembership(next)));
    return this.#trouble.note(
      leader.id,
      `proposes ${next.map((m) => (m.voter ? m.id : `(${m.id})`))}`,
    );
  }

  /** Out, in as a learner, or in as a voter. */
  #changed(current: Membership, id: MemberId): Membership {
    const others = current.filter((one) => one.id !== id);
    const was = current.find((one) => one.id === id);
    if (was !== undefined && others.length > 2 && this.#prng.chance(0.4)) return others;
    const now = { id, address: `${id}:1`, voter: was !== undefined && !was.voter };
    return [...others, now].sort((x, y) => (x.id < y.id ? -1 : 1));
  }

  /** What is not allowed just now is refused as such, and nothing else goes wrong. */
  #attempt(action: () => void): void {
    try {
      action();
    } catch (error) {
      if (!(error instanceof PacelineError)) throw error;
      if (error.code !== 'REQUEST_INVALID' && error.code !== 'NOT_LEADER') throw error;
    }
  }
}
