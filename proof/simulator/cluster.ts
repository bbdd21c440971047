import { assert } from '../../src/base/assert.ts';
import type { PacelineError } from '../../src/base/errors.ts';
import { Prng } from '../../src/base/prng.ts';
import type { Loop } from '../../src/member/loop.ts';
import { type MemberOptions, resolveOptions } from '../../src/member/options.ts';
import type { MemberId, Membership } from '../../src/raft/entry.ts';
import { Raft } from '../../src/raft/raft.ts';
import { MemoryNetwork } from '../../src/transport/memory.ts';
import { Timeline } from '../../src/transport/timeline.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { CallsDone } from './calls-done.ts';
import { Checker } from './checker.ts';
import { MemoryDatabase } from './database/memory.ts';
import { HandleOrder } from './handle-order.ts';
import { LoadPromises } from './load-promises.ts';
import { Machine } from './machine.ts';
import { MemberProcess } from './member.ts';
import { MEMBER_NAMES } from './member-names.ts';
import { SimPolicy } from './network.ts';
import { OneState } from './one-state.ts';
import type { Plan } from './plan.ts';
import { ReadPromises } from './read-promises.ts';
import { newSnapshotDisk } from './snapshot-files.ts';
import { SqliteDatabase } from './sqlite/database.ts';
import { Trace } from './trace.ts';
import { Violation } from './violation.ts';
import { joinNetwork, type Parts, type World } from './world.ts';
import { WritePromises } from './write-promises.ts';

const CLUSTER = '0123456789abcdef0123456789abcdef';
/** A member that stopped by itself is started again after this. */
const OPERATOR_MS = 300;
/** Why a member may stop by itself, given the faults. */
const MAY_STOP: ReadonlySet<string> = new Set(['IO', 'DISK_FULL', 'CLOSED']);
/** Why it may refuse to start or go on after damage was done to it. */
const DAMAGE: ReadonlySet<string> = new Set(['LOG_DAMAGED', 'HARD_STATE_DAMAGED']);

/** All that is simulated. */
export class Cluster implements World {
  readonly plan: Plan;
  readonly cluster = CLUSTER;
  readonly timeline = new Timeline();
  readonly network: MemoryNetwork;
  readonly policy: SimPolicy;
  readonly trace: Trace;
  readonly checker: Checker;
  readonly promises: ReadPromises;
  readonly writePromises: WritePromises;
  readonly handleOrder: HandleOrder;
  readonly oneState = new OneState();
  readonly loads = new LoadPromises();
  readonly calls = new CallsDone();
  readonly parts: Parts;
  readonly machines = new Map<MemberId, Machine>();
  readonly #prng: Prng;
  current: MemberProcess | null = null;
  still = false;
  /** All is healed, and what is under way is waited for. */
  ending = false;
  /** Processes there are. */
  up = 0;
  /** A violation found where nobody could be told. */
  violation: unknown = null;
  /** Of the clients that begin now. */
  restMs: number;

  constructor(plan: Plan, parts: Partial<Parts>, print: ((line: string) => void) | null) {
    this.plan = plan;
    this.restMs = plan.restMs;
    this.parts = { raft: Raft, ...parts };
    this.handleOrder = new HandleOrder(plan);
    this.#prng = new Prng(plan.seed ^ 0x51ed270b);
    this.trace = new Trace(() => this.timeline.nowMs, print);
    this.policy = new SimPolicy(this.fork(), plan, (from, to) => this.network.disconnect(from, to));
    this.network = new MemoryNetwork(this.policy, { connectMs: 5 }, this.timeline);
    const now = () => this.timeline.nowMs;
    this.checker = new Checker((id) => this.machines.get(id)?.watched ?? undefined, now);
    this.promises = new ReadPromises(this.checker, now);
    this.writePromises = new WritePromises(this.checker, plan);
    const count = plan.voters + plan.learners + plan.spares;
    assert(count <= MEMBER_NAMES.length, `there are names for ${MEMBER_NAMES.length} members`);
    const ids = MEMBER_NAMES.slice(0, count);
    const membership = ids
      .slice(0, plan.voters + plan.learners)
      .map((id, i) => ({ id, address: `${id}:1`, voter: i < plan.voters }));
    for (const id of ids) this.machines.set(id, this.#machine(id, membership));
  }

  /** Chance of its own for a part of the simulation. */
  fork(): Prng {
    return new Prng(this.#prng.next());
  }

  get ids(): MemberId[] {
    return [...this.machines.keys()];
  }

  /** Processes that are there. */
  running(): MemberProcess[] {
    return [...this.machines.values()].flatMap(({ process }) => process ?? []);
  }

  serving(): MemberProcess[] {
    return this.running().filter(({ ready }) => ready);
  }

  /** Who clients ask. At the end members only: others know of no leader, and let a write wait in vain each time. */
  asked(): MemberProcess[] {
    const serving = this.serving();
    const membership = this.ending ? (this.leader()?.raft?.membership ?? []) : [];
    const members = serving.filter((process) => membership.some(({ id }) => id === process.id));
    return members.length > 0 ? members : serving;
  }

  leader(): MemberProcess | null {
    const leaders = this.running().filter(({ raft }) => raft?.role === 'leader');
    leaders.sort((a, b) => b.raft!.term - a.raft!.term);
    return leaders[0] ?? null;
  }

  start(id: MemberId): void {
    const machine = this.machines.get(id)!;
    if (machine.process !== null || machine.outOfService) return;
    machine.starts++;
    this.trace.add(id, `starts (${machine.starts})`);
    this.up++;
    machine.process = new MemberProcess(this, machine, this.#options(id), this.fork());
  }

  /** The process ends as it is. */
  end(process: MemberProcess, power: boolean): void {
    const { machine } = process;
    if (machine.process !== process) return;
    process.die();
    this.up--;
    if (this.network.isHere(process.id)) this.network.crash(process.id);
    machine.ended(process, power);
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.timeline.after(ms, resolve));
  }

  join(process: MemberProcess, loop: Loop): Transport {
    return joinNetwork(this, process, loop);
  }

  memberFailed(process: MemberProcess, error: PacelineError): void {
    const { machine } = process;
    process.hasStopped = true;
    this.trace.add(process.id, `stopped by itself: ${error.code} ${error.message}`);
    if (DAMAGE.has(error.code) && machine.damaged) machine.outOfService = true;
    else if (!MAY_STOP.has(error.code) && !DAMAGE.has(error.code))
      this.fail(new Violation(invariantIn(error.message), `${process.id}: ${error.message}`));
    else if (DAMAGE.has(error.code))
      this.fail(new Violation('I4 what is durable survives', `${process.id}: ${error.message}`));
    this.timeline.after(OPERATOR_MS, () => {
      this.end(process, false);
      this.start(process.id);
    });
  }

  readonly check = (work: () => void): void => {
    try {
      work();
    } catch (error) {
      this.fail(error);
    }
  };

  fail(violation: unknown): void {
    this.violation ??= violation;
  }

  /** The run is over. */
  discard(): void {
    for (const { database } of this.machines.values()) database.discard();
  }

  /** Call after each step, and after what followed from it. */
  look(): void {
    const { current } = this;
    this.current = null;
    if (current?.alive) current.look();
    this.promises.lost.look();
    if (this.violation !== null) throw this.violation;
  }

  #machine(id: MemberId, membership: Membership): Machine {
    const { chunkBytes, readMs } = this.plan.snapshots;
    const { pageSizeBytes } = this.plan.options;
    const prng = this.fork();
    const Database = this.plan.realSqlite ? SqliteDatabase : MemoryDatabase;
    const database = new Database(pageSizeBytes, prng);
    const snapshots = newSnapshotDisk(chunkBytes, readMs);
    const machine = new Machine(id, prng, pageSizeBytes, membership, database, snapshots);
    machine.disk.latencyMs = { min: 0, max: this.plan.diskMsMax };
    return machine;
  }

  #options(id: MemberId): MemberOptions {
    const members = Object.fromEntries(this.ids.map((each, i) => [each, `127.0.0.1:${i + 1}`]));
    const { checkpointWalBytes, ...options } = this.plan.options;
    return resolveOptions({ dir: `/${id}`, id, members, checkpointWalBytes, ...options });
  }
}

/** The product's own assertions say which invariant was about to break. */
function invariantIn(message: string): string {
  return /^I\d+(?=: )/.exec(message)?.[0] ?? 'no member fails';
}
