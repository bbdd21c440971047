import { setTimeout as delay } from 'node:timers/promises';
import type { Position, WriteOutcome } from '../../src/api/request.ts';
import { assert } from '../../src/base/assert.ts';
import type { ErrorRecord } from '../../src/base/errors.ts';
import type { Prng } from '../../src/base/prng.ts';
import { freeAddresses } from '../../test/cluster/addresses.ts';
import { databaseOf, stopAndCompare } from '../../test/cluster/files.ts';
import { type Cluster, makeCluster, type Scope } from '../../test/cluster/fixture.ts';
import type { Member } from '../../test/cluster/member.ts';
import {
  callWithin,
  errorOf,
  isPassing,
  isRolledBack,
  isUnknown,
  type OpenTransaction,
} from './calls.ts';
import type { CallOutcome, Outcome, TransactionOutcome } from './outcome.ts';
import type { Step, TransactionCalls } from './step.ts';
import { Ways } from './ways.ts';

/** Small, so that checkpoints, new segments, and followers that need a snapshot come up in a short run. */
const LIMITS = { checkpointWalBytes: 262_144, logKeepBytes: 1_048_576, segmentBytesMax: 262_144 };
const PAUSE_MS = 20;
/** Far above any election. */
const PATIENCE_MS = 60_000;

/** The three members, and what is done to them. Every step takes effect once, whatever happens meanwhile. */
export class TestedCluster {
  readonly #cluster: Cluster;
  readonly #prng: Prng;
  readonly ways: Ways;
  #position: Position = { term: 0, index: 0 };
  #steps = 0;

  private constructor(cluster: Cluster, prng: Prng) {
    this.#cluster = cluster;
    this.#prng = prng;
    this.ways = new Ways(cluster.members, prng);
  }

  static async start(scope: Scope, importPath: string, prng: Prng): Promise<TestedCluster> {
    const cluster = await makeCluster(scope, 3, LIMITS);
    const [first] = cluster.members;
    first!.options = { ...first!.options, import: importPath };
    const addresses = await freeAddresses(cluster.members.map(({ id }) => id));
    for (const member of cluster.members)
      member.options = { ...member.options, http: addresses[member.id]! };
    await cluster.start();
    const { term, commitIndex } = await (await cluster.leader()).status();
    // A member that loses its directory must not begin anew with what it once imported.
    const { import: _, ...options } = first!.options;
    first!.options = options;
    const tested = new TestedCluster(cluster, prng);
    // The imported database: followers answer from what they had before until they have it.
    tested.#note({ term, index: commitIndex });
    return tested;
  }

  get leader(): Promise<Member> {
    return this.#cluster.leader();
  }

  get running(): readonly Member[] {
    return this.#cluster.running;
  }

  get members(): readonly Member[] {
    return this.#cluster.members;
  }

  /** Through any member that runs; `via` is the first one asked. */
  async run(step: Step, via: Member = this.#any()): Promise<Outcome> {
    const id = `step-${this.#steps++}`;
    // Without an id a retry could take effect twice: then only the first try may go wrong, and none is expected to.
    const named = step.kind === 'transaction' || this.#prng.chance(0.5);
    const deadline = performance.now() + PATIENCE_MS;
    for (let member = via; ; member = this.#any()) {
      try {
        return await this.#call(step, member, named ? id : null);
      } catch (error) {
        if (!isPassing(error)) return { error: errorOf(error) };
        assert(named || step.kind === 'query' || !isUnknown(error), `without an id: ${error}`);
        if (performance.now() > deadline) throw error;
      }
      await delay(PAUSE_MS);
    }
  }

  /** The step, while something happens to the leader. It is asked for with an id, through whoever is left. */
  async runWhile(step: Step, disturb: (leader: Member) => Promise<void>): Promise<Outcome> {
    const leader = await this.leader;
    const id = `step-${this.#steps++}`;
    const deadline = performance.now() + PATIENCE_MS;
    let via = this.#prng.chance(0.5) ? leader : this.#other(leader);
    const first = this.#settled(step, via, id);
    await disturb(leader);
    for (let outcome = await first; ; outcome = await this.#settled(step, via, id)) {
      if (outcome !== null) return outcome;
      if (performance.now() > deadline) throw new Error(`no answer to ${id}`);
      await delay(PAUSE_MS);
      via = this.#any();
    }
  }

  /** Null for what is to be asked again. */
  async #settled(step: Step, via: Member, id: string): Promise<Outcome | null> {
    try {
      return await this.#call(step, via, id);
    } catch (error) {
      return isPassing(error) ? null : { error: errorOf(error) };
    }
  }

  async #call(step: Step, via: Member, id: string | null): Promise<Outcome> {
    if (step.kind === 'transaction') return this.#transaction(step, via, id!);
    const { kind, statements } = step;
    const door = this.ways.draw(via, kind);
    const [only] = statements;
    if (kind === 'query') return { results: [await door.query(only!, this.#position)] };
    const { position, results } =
      kind === 'execute' ? await door.execute(only!, id) : await door.batch(statements, id);
    this.#note(position);
    return { results };
  }

  /** Throws what is to be asked again if it was rolled back for no reason of its own. */
  async #transaction(
    { calls, ends }: TransactionCalls,
    via: Member,
    id: string,
  ): Promise<TransactionOutcome> {
    this.ways.note('transaction', 'handle');
    const open = await via.begin(this.#prng.chance(0.5) ? 'write' : 'deferred', { id });
    const done: CallOutcome[] = [];
    try {
      for (const call of calls) done.push(await callWithin(open, call, done));
    } catch (error) {
      await open.rollback().catch(() => {});
      throw error;
    }
    if (ends === 'commit') return { calls: done, error: await this.#committed(open, id, done) };
    // After what has rolled it back there is nothing left to do.
    await open.rollback().catch((error) => assert(isRolledBack(error, done), String(error)));
    return { calls: done, error: null };
  }

  /** Commits; the error that it ended in, null if it is done. Where that is not known, it is asked for. */
  async #committed(
    open: OpenTransaction,
    id: string,
    done: readonly CallOutcome[],
  ): Promise<ErrorRecord | null> {
    try {
      const { position } = await open.commit();
      this.#note(position);
      return null;
    } catch (error) {
      if (!isPassing(error) || isRolledBack(error, done)) return errorOf(error);
      const outcome = await this.#outcomeOf(id);
      if (outcome.state === 'rejected') return outcome.error.toRecord();
      if (outcome.state === 'committed') return null;
      throw error;
    }
  }

  async #outcomeOf(id: string): Promise<WriteOutcome> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      try {
        return await this.#any().outcome(id);
      } catch (error) {
        if (!isPassing(error) || performance.now() > deadline) throw error;
      }
      await delay(PAUSE_MS);
    }
  }

  /** Positions of calls one after the other never go back (I6). */
  #note(position: Position): void {
    const { term, index } = this.#position;
    const ahead = position.index >= index && position.term >= term;
    assert(ahead, `position ${position.term}/${position.index} after ${term}/${index}`);
    this.#position = position;
  }

  #any(): Member {
    const { running } = this.#cluster;
    return running[this.#prng.between(0, running.length - 1)]!;
  }

  #other(member: Member): Member {
    const others = this.#cluster.running.filter((one) => one !== member);
    return others[this.#prng.between(0, others.length - 1)]!;
  }

  /** Stops all; their files are then the same byte for byte (I7). Gives the paths. */
  async finish(): Promise<string[]> {
    await this.ways.close();
    await Promise.all(
      this.members.map(async (member) => {
        if (!member.running) await member.start();
      }),
    );
    await stopAndCompare(this.#cluster);
    return this.members.map(({ dir }) => databaseOf(dir));
  }
}
