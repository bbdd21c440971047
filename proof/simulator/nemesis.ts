import { PacelineError } from '../../src/base/errors.ts';
import type { Prng } from '../../src/base/prng.ts';
import type { MemberId, Membership } from '../../src/raft/entry.ts';
import type { Cluster } from './cluster.ts';
import type { Machine } from './machine.ts';
import type { MemberProcess } from './member.ts';
import { FAULT_KINDS, type FaultKind } from './plan.ts';

/** How long a member stays down. */
const DOWN_MS = { min: 20, max: 3000 };
/** How long a trouble lasts that ends by itself. */
const TROUBLE_MS = { min: 50, max: 4000 };
/** A disk in trouble takes so long for a call. */
const SLOW_MS = { min: 20, max: 400 };

/** Makes things go wrong, then lets them be well again. */
export class Nemesis {
  readonly #cluster: Cluster;
  readonly #prng: Prng;
  readonly #counts = new Map<FaultKind, number>();
  readonly #actions: Partial<Record<FaultKind, () => boolean>>;
  #over = false;

  constructor(cluster: Cluster, prng: Prng) {
    this.#cluster = cluster;
    this.#prng = prng;
    this.#actions = {
      disconnect: () => this.#disconnect(),
      partition: () => this.#partition(),
      'one-way': () => this.#oneWay(),
      partial: () => this.#partial(),
      flap: () => this.#flap(),
      kill: () => this.#crash(false),
      'power-loss': () => this.#crash(true),
      'crash-at-io': () => this.#crashAtIo(),
      'crash-at-commit': () => this.#crashAtCommit(),
      restart: () => this.#restart(),
      'fsync-fails': () => this.#fsyncFails(),
      'log-rot': () => this.#logRot(),
      'snapshot-rot': () => this.#snapshotRot(),
      'disk-full': () => this.#diskFull(),
      'slow-disk': () => this.#slowDisk(),
      'clock-drift': () => this.#clockDrift(),
      'clock-jump': () => this.#clockJump(),
      'stall-loop': () => this.#stall('loopThread'),
      'stall-sql': () => this.#stall('sqlThread'),
      'stall-process': () => this.#stallProcess(),
      'lose-snapshot': () => this.#loseSnapshots(),
      membership: () => this.#changeMembership(),
      transfer: () => this.#transfer(),
    };
  }

  /** How often each kind happened. */
  get counts(): ReadonlyMap<FaultKind, number> {
    const all = new Map(this.#counts);
    for (const [kind, count] of Object.entries(this.#cluster.policy.counts))
      all.set(kind as FaultKind, (all.get(kind as FaultKind) ?? 0) + count);
    return all;
  }

  async run(): Promise<void> {
    const { plan, timeline } = this.#cluster;
    const kinds = FAULT_KINDS.filter((k) => plan.faults.has(k) && this.#actions[k] !== undefined);
    while (timeline.nowMs < plan.faultsMs) {
      await this.#cluster.sleep(this.#prng.between(1, 2 * plan.faultEveryMs));
      if (kinds.length === 0 || timeline.nowMs >= plan.faultsMs) continue;
      const kind = kinds[this.#prng.between(0, kinds.length - 1)]!;
      if (this.#actions[kind]!()) this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1);
    }
    this.#heal();
  }

  /** From here on nothing goes wrong any more. */
  #heal(): void {
    const { network, policy, machines, trace } = this.#cluster;
    this.#over = true;
    trace.add('', '--- healed');
    policy.heal();
    network.healAll();
    for (const machine of machines.values()) {
      this.#cure(machine);
      this.#cluster.start(machine.id);
    }
  }

  #cure(machine: Machine): void {
    machine.diskPlan = () => null;
    machine.atCommit = null;
    machine.disk.latencyMs = { min: 0, max: this.#cluster.plan.diskMsMax };
    this.#setFull(machine, false);
  }

  #note(who: string, what: string): true {
    this.#cluster.trace.add(who, `** ${what}`);
    return true;
  }

  #one<T>(of: readonly T[]): T | null {
    return of.length === 0 ? null : of[this.#prng.between(0, of.length - 1)]!;
  }

  #pair(): [MemberId, MemberId] | null {
    const a = this.#one(this.#cluster.ids);
    const b = this.#one(this.#cluster.ids.filter((id) => id !== a));
    return a === null || b === null ? null : [a, b];
  }

  /** `work` happens after a while, or at the end of all faults. */
  #afterTrouble(work: () => void): void {
    const ms = this.#prng.between(TROUBLE_MS.min, TROUBLE_MS.max);
    this.#cluster.timeline.after(ms, () => {
      if (!this.#over) work();
    });
  }

  #disconnect(): boolean {
    const pair = this.#pair();
    if (pair === null) return false;
    this.#cluster.network.disconnect(...pair);
    return this.#note(pair[0], `its connections with ${pair[1]} break`);
  }

  /** Two sides that do not hear each other. */
  #partition(): boolean {
    const { ids, network } = this.#cluster;
    const side = ids.filter(() => this.#prng.chance(0.5));
    const other = ids.filter((id) => !side.includes(id));
    if (side.length === 0 || other.length === 0) return false;
    const links = side.flatMap((a) => other.flatMap((b) => [[a, b] as const, [b, a] as const]));
    for (const [a, b] of links) network.cut(a, b);
    this.#afterTrouble(() => this.#mend(links));
    return this.#note(side.join(''), `is cut off from ${other.join('')}`);
  }

  #oneWay(): boolean {
    const pair = this.#pair();
    if (pair === null) return false;
    this.#cluster.network.cut(...pair);
    this.#afterTrouble(() => this.#mend([pair]));
    return this.#note(pair[0], `is not heard by ${pair[1]}`);
  }

  /** A and B do not hear each other, all others do. */
  #partial(): boolean {
    const pair = this.#pair();
    if (pair === null) return false;
    const links = [pair, [pair[1], pair[0]] as const];
    for (const [a, b] of links) this.#cluster.network.cut(a, b);
    this.#afterTrouble(() => this.#mend(links));
    return this.#note(pair[0], `and ${pair[1]} do not hear each other`);
  }

  #flap(): boolean {
    const pair = this.#pair();
    if (pair === null) return false;
    const { network, timeline } = this.#cluster;
    const periodMs = this.#prng.between(20, 400);
    const times = this.#prng.between(3, 10);
    for (let i = 0; i < times; i++) {
      timeline.after(i * periodMs, () => {
        if (this.#over) return;
        if (i % 2 === 0) network.cut(...pair);
        else network.heal(...pair);
      });
    }
    timeline.after(times * periodMs, () => {
      if (!this.#over) this.#mend([pair]);
    });
    return this.#note(pair[0], `its link to ${pair[1]} comes and goes`);
  }

  #mend(links: readonly (readonly [MemberId, MemberId])[]): void {
    for (const [a, b] of links) this.#cluster.network.heal(a, b);
    this.#note(links.map((link) => link.join('')).join(' '), 'can be reached again');
  }

  #crash(power: boolean): boolean {
    const all = this.#prng.chance(0.1);
    const targets = all ? this.#cluster.running() : [this.#oneRunning()];
    for (const process of targets) if (process !== null) this.#end(process, power);
    return targets.some((process) => process !== null);
  }

  #oneRunning(): MemberProcess | null {
    const leader = this.#cluster.leader();
    if (leader !== null && this.#prng.chance(0.4)) return leader;
    return this.#one(this.#cluster.running());
  }

  #end(process: MemberProcess, power: boolean): void {
    this.#note(process.id, power ? 'loses power' : 'is killed');
    this.#cluster.end(process, power);
    const ms = this.#prng.between(DOWN_MS.min, DOWN_MS.max);
    this.#cluster.timeline.after(ms, () => this.#cluster.start(process.id));
  }

  #crashAtIo(): boolean {
    const process = this.#oneRunning();
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
    return this.#note(process.id, `will end in its disk call ${at}`);
  }

  #endIfRuns({ process }: Machine, power: boolean): void {
    if (process !== null && !this.#over) this.#end(process, power);
    else if (process !== null) this.#end(process, false);
  }

  #crashAtCommit(): boolean {
    const process = this.#oneRunning();
    if (process === null) return false;
    const { machine } = process;
    const power = this.#prng.chance(0.5);
    machine.atCommit = () => {
      machine.atCommit = null;
      this.#cluster.timeline.after(0, () => this.#endIfRuns(machine, power));
    };
    return this.#note(process.id, 'will end after its next commit');
  }

  /** Closed in an orderly way. */
  #restart(): boolean {
    const process = this.#one(this.#cluster.serving());
    if (process === null) return false;
    process.ready = false;
    const again = () => {
      this.#cluster.end(process, false);
      this.#cluster.start(process.id);
    };
    process.appThread.run(() => void process.handle.close().then(again));
    return this.#note(process.id, 'is closed and started again');
  }

  #fsyncFails(): boolean {
    const process = this.#oneRunning();
    if (process === null) return false;
    const { machine } = process;
    machine.diskPlan = ({ kind }) => {
      if (kind !== 'write' && kind !== 'sync') return null;
      machine.diskPlan = () => null;
      return 'EIO';
    };
    return this.#note(process.id, 'the next write to its disk fails');
  }

  /** Of a member that is down; so few that the others are a majority still. */
  #logRot(): boolean {
    const { machines, plan } = this.#cluster;
    const damaged = [...machines.values()].filter(({ damaged }) => damaged).length;
    if (plan.faults.has('membership') || damaged >= Math.floor((plan.voters - 1) / 2)) return false;
    const process = this.#one(this.#cluster.running());
    if (process === null) return false;
    const { machine } = process;
    this.#end(process, false);
    const files = machine.disk
      .files()
      .filter(({ path, bytes }) => path.includes('/log/') && bytes.length > 0);
    const file = this.#one(files);
    if (file === null) return false;
    machine.damaged = true;
    machine.disk.flipBit(
      file.path,
      this.#prng.between(0, file.bytes.length - 1),
      this.#prng.between(0, 7),
    );
    return this.#note(process.id, `a bit of ${file.path} flips`);
  }

  /** In a file that is being received. */
  #snapshotRot(): boolean {
    for (const { id, snapshots } of this.#cluster.machines.values()) {
      for (const [path, { bytes }] of snapshots.files) {
        if (bytes.length === 0) continue;
        bytes[this.#prng.between(0, bytes.length - 1)]! ^= 1 << this.#prng.between(0, 7);
        return this.#note(id, `a bit of ${path} flips`);
      }
    }
    return false;
  }

  #diskFull(): boolean {
    const process = this.#oneRunning();
    if (process === null) return false;
    const { machine } = process;
    this.#setFull(machine, true);
    this.#afterTrouble(() => {
      this.#setFull(machine, false);
      this.#note(machine.id, 'its disk has room again');
    });
    return this.#note(machine.id, 'its disk is full');
  }

  #setFull(machine: Machine, full: boolean): void {
    machine.full = full;
  }

  #slowDisk(): boolean {
    const process = this.#oneRunning();
    if (process === null) return false;
    const { machine } = process;
    machine.disk.latencyMs = SLOW_MS;
    this.#afterTrouble(() => {
      machine.disk.latencyMs = { min: 0, max: this.#cluster.plan.diskMsMax };
    });
    return this.#note(machine.id, 'its disk is slow');
  }

  #clockDrift(): boolean {
    const process = this.#oneRunning();
    if (process === null) return false;
    // Its clock may not go back: the new rate counts from the next start.
    process.machine.clockRate = this.#prng.between(80, 125) / 100;
    return this.#note(process.id, `its clock will go at ${process.machine.clockRate}`);
  }

  #clockJump(): boolean {
    const process = this.#oneRunning();
    if (process === null) return false;
    const ms = this.#prng.between(10, 20_000);
    process.clockJumpsMs += ms;
    return this.#note(process.id, `its clock jumps ${ms} ms`);
  }

  #stall(thread: 'loopThread' | 'sqlThread'): boolean {
    const process = this.#oneRunning();
    if (process === null) return false;
    const ms = this.#prng.between(20, 3 * this.#cluster.plan.options.electionTimeoutMs);
    process[thread].stall(ms);
    return this.#note(process.id, `its ${thread} stands still for ${ms} ms`);
  }

  #stallProcess(): boolean {
    const process = this.#oneRunning();
    if (process === null) return false;
    const ms = this.#prng.between(20, 4 * this.#cluster.plan.options.electionTimeoutMs);
    for (const thread of ['appThread', 'loopThread', 'sqlThread'] as const)
      process[thread].stall(ms);
    return this.#note(process.id, `stands still for ${ms} ms`);
  }

  #loseSnapshots(): boolean {
    const { policy } = this.#cluster;
    policy.snapshotLoss = 0.4;
    this.#afterTrouble(() => {
      policy.snapshotLoss = 0;
    });
    return this.#note('', 'parts of snapshots are lost');
  }

  /** As an operator does it: Raft alone would not stop the member from executing first. */
  #transfer(): boolean {
    const leader = this.#cluster.leader();
    if (leader?.ready !== true) return false;
    const to = this.#prng.chance(0.5) ? undefined : this.#one(this.#cluster.ids)!;
    const refused = (error: unknown) => {
      if (!(error instanceof PacelineError)) this.#cluster.fail(error);
    };
    leader.appThread.run(() => void leader.handle.transferLeadership(to).catch(refused));
    return this.#note(leader.id, `is to hand over to ${to ?? 'anybody'}`);
  }

  #changeMembership(): boolean {
    const leader = this.#cluster.leader();
    if (leader?.raft?.canPropose() !== true) return false;
    const { raft } = leader;
    const id = this.#one(this.#cluster.ids)!;
    const next = this.#changed(raft.membership, id);
    leader.loopThread.run(() => this.#attempt(() => raft.changeMembership(next)));
    return this.#note(leader.id, `proposes ${next.map((m) => (m.voter ? m.id : `(${m.id})`))}`);
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
