import { judge } from '../history/check.ts';
import { formatFinding } from '../history/finding.ts';
import type { Operation } from '../history/operation.ts';
import { Recorder } from '../history/recorder.ts';
import { performRead } from '../workload/perform.ts';
import { Workload } from '../workload/workload.ts';
import { Client } from './client.ts';
import type { HandedTokens } from './client-reads.ts';
import { Cluster } from './cluster.ts';
import { compareDatabases, whatIsMissing } from './convergence.ts';
import { drive } from './drive.ts';
import type { Machine } from './machine.ts';
import { Meter } from './meter.ts';
import { Nemesis } from './nemesis.ts';
import { CALM_PACE, makePlan, type Plan } from './plan.ts';
import type { Failure, RunResult, Work } from './run-result.ts';
import { MOVING_PAGES } from './sqlite/moving-pages.ts';
import { Violation } from './violation.ts';
import type { Parts } from './world.ts';

/** After the last fault the cluster must be well again within this, in time of the simulation: 6,000 ticks. */
export const HEAL_MS = 60_000;
/** How often it is looked at meanwhile. */
const LOOK_MS = 50;
/** Lines of the trace in a report. */
const LINES_SHOWN = 60;

const BANKS = { banks: 6, accounts: 3, balance: 20 };

const NOTHING: Work = { memberSeconds: 0, cpuSeconds: 0, steps: 0, operations: 0 };

export interface RunOptions {
  /** Gets each line of the trace at once. */
  readonly print?: (line: string) => void;
  /** Changes what the seed has planned. */
  readonly plan?: Partial<Plan>;
}

/** One run, in which the seed decides everything. `parts` takes the place of the product's own. */
export async function runSimulation(
  seed: number,
  options: RunOptions = {},
  parts: Partial<Parts> = {},
): Promise<RunResult> {
  return new Run({ ...makePlan(seed), ...options.plan }, options, parts).result();
}

class Run {
  readonly #plan: Plan;
  readonly #cluster: Cluster;
  readonly #nemesis: Nemesis;
  readonly #workload: Workload;
  readonly #recorder = new Recorder();
  readonly #clients: Client[];
  readonly #meter: Meter;
  #undecided = 0;
  /** Of the calm stretch. */
  #calm: Work = NOTHING;
  readonly #handed: HandedTokens = new Map();

  constructor(plan: Plan, options: RunOptions, parts: Partial<Parts>) {
    this.#plan = plan;
    this.#cluster = new Cluster(plan, parts, options.print ?? null);
    this.#meter = new Meter(this.#cluster, () =>
      this.#clients.reduce((sum, client) => sum + client.done, 0),
    );
    this.#nemesis = new Nemesis(this.#cluster, this.#cluster.fork());
    const { reads } = plan;
    this.#workload = new Workload(this.#cluster.fork().next(), { ...BANKS, reads, objects: 2 });
    this.#clients = Array.from({ length: plan.clients }, (_, i) => this.#client(i + 1));
  }

  #client(number: number): Client {
    return new Client({
      ...{ number, cluster: this.#cluster, workload: this.#workload, handed: this.#handed },
      ...{ prng: this.#cluster.fork(), recorder: this.#recorder, clock: () => this.#clock() },
    });
  }

  async result(): Promise<RunResult> {
    const work = this.#meter.begin();
    const failure = await this.#failure();
    const { checker, trace } = this.#cluster;
    return {
      ...work(),
      calm: this.#calm,
      seed: this.#plan.seed,
      plan: this.#plan,
      failure,
      hash: trace.hash,
      elections: checker.elections,
      entries: checker.commit,
      faults: this.#nemesis.counts,
      calls: this.#cluster.calls.counts,
      events: this.#nemesis.events,
      endedMs: this.#cluster.timeline.nowMs,
      undecided: this.#undecided,
    };
  }

  async #failure(): Promise<Failure | null> {
    const { trace } = this.#cluster;
    try {
      await this.#run();
      return null;
    } catch (error) {
      const invariant = error instanceof Violation ? error.invariant : 'no error in the simulator';
      const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
      trace.add('', `VIOLATED ${error instanceof Error ? error.message : message}`);
      return { invariant, message, lines: trace.last(LINES_SHOWN) };
    } finally {
      this.#cluster.discard();
    }
  }

  async #run(): Promise<void> {
    let over: { readonly error?: unknown } | null = null;
    this.#script().then(
      () => {
        over = {};
      },
      (error: unknown) => {
        over = { error };
      },
    );
    const onRejection = (error: unknown) => this.#cluster.fail(unhandled(error));
    process.on('unhandledRejection', onRejection);
    try {
      await this.#drive(() => over);
    } finally {
      process.off('unhandledRejection', onRejection);
    }
  }

  async #drive(isOver: () => { readonly error?: unknown } | null): Promise<void> {
    const { timeline } = this.#cluster;
    await drive(() => {
      this.#cluster.look();
      const over = isOver();
      if (over !== null) {
        if ('error' in over) throw over.error;
        return 'last';
      }
      this.#cluster.still = false;
      timeline.step();
      this.#meter.stepped();
      return this.#cluster.still ? 'still' : 'more';
    });
  }

  /** Rises with every event. */
  #clock(): number {
    return this.#cluster.timeline.nowMs + this.#meter.steps / 1e9;
  }

  async #script(): Promise<void> {
    const { ids } = this.#cluster;
    for (const id of ids) this.#cluster.start(id);
    await this.#makeSchema();
    for (const client of this.#clients) void client.run();
    await this.#nemesis.run(this.#plan.faultsMs, this.#plan);
    await this.#settle();
    if (this.#plan.calmMs > 0) await this.#goOnCalmly();
    compareDatabases(this.#cluster);
    this.#judge(await this.#finalReads());
    this.#cluster.promises.lost.check();
    this.#cluster.writePromises.checkLost(this.#taking());
  }

  /** What takes long to show: what is kept and forgotten, timers, leases and clocks of a cluster that runs for long. */
  async #goOnCalmly(): Promise<void> {
    const { timeline, trace } = this.#cluster;
    trace.add('', '--- calm');
    const work = this.#meter.begin();
    this.#cluster.restMs = CALM_PACE.restMs;
    for (const _ of [...this.#clients]) {
      const client = this.#client(this.#clients.length + 1);
      this.#clients.push(client);
      void client.run();
    }
    await this.#nemesis.run(timeline.nowMs + this.#plan.calmMs, CALM_PACE);
    await this.#settle();
    this.#calm = work();
  }

  async #makeSchema(): Promise<void> {
    for (let i = 0; ; i++) {
      const [member] = this.#cluster.serving();
      try {
        if (member === undefined) throw new Error('nobody serves');
        const more = this.#plan.realSqlite ? MOVING_PAGES : [];
        await member.handle.batch([...this.#workload.schema(), ...more], {
          ...{ id: 'schema', durability: 'quorum' },
        });
        return;
      } catch (error) {
        if (i === 100) throw new Violation('liveness', `no schema: ${String(error)}`);
        await this.#cluster.sleep(LOOK_MS);
      }
    }
  }

  /** Liveness: a leader, everything answered, and all databases alike. */
  async #settle(): Promise<void> {
    const { timeline } = this.#cluster;
    const deadline = timeline.nowMs + HEAL_MS;
    this.#cluster.ending = true;
    for (const client of this.#clients) client.stop();
    let why = '';
    while (timeline.nowMs < deadline) {
      await this.#cluster.sleep(LOOK_MS);
      why = whatIsMissing(this.#cluster, this.#clients);
      if (why === '') break;
    }
    this.#cluster.ending = false;
    if (why === '') return;
    throw new Violation('liveness', `${why}, ${HEAL_MS} ms after all was healed`);
  }

  /** Machines whose members are in the cluster, and have caught up. */
  #taking(): Machine[] {
    const membership = this.#cluster.leader()?.raft?.membership ?? [];
    const machines = membership.map(({ id }) => this.#cluster.machines.get(id)!);
    return machines.filter(({ outOfService }) => !outOfService);
  }

  async #finalReads(): Promise<Operation[]> {
    const recorder = new Recorder();
    const { handle } = this.#cluster.leader()!;
    for (const action of this.#workload.finalReads()) {
      const pending = recorder.called(0, action, 'strong', this.#clock());
      const answer = await performRead(
        ({ sql, args }) => handle.query(sql, args, { level: 'strong' }),
        action,
      );
      if (answer.outcome.kind !== 'ok')
        throw new Violation('liveness', `a read of a healed cluster: ${answer.outcome.kind}`);
      recorder.returned(pending, answer.outcome, answer.position, this.#clock());
    }
    return recorder.history();
  }

  #judge(final: Operation[]): void {
    const { accounts, balance } = BANKS;
    const history = this.#cluster.writePromises.settled(this.#recorder.history());
    this.#cluster.loads.check([...history, ...final]);
    const { findings, undecided } = judge(history, final, {
      bank: { accounts, balance },
    });
    this.#undecided = undecided.length;
    const [first] = findings;
    if (first !== undefined) throw new Violation(first.check, formatFinding(first));
  }
}

/** The product must not leave a promise to itself. */
function unhandled(error: unknown): Violation {
  const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new Violation('no unhandled rejection', what);
}
