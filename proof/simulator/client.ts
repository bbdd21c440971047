import type { Position } from '../../src/api/request.ts';
import type { Prng } from '../../src/base/prng.ts';
import { describeAction } from '../history/describe.ts';
import { type Action, isRead, type Operation } from '../history/operation.ts';
import type { Pending, Recorder } from '../history/recorder.ts';
import type { Answer } from '../workload/perform.ts';
import type { Workload } from '../workload/workload.ts';
import { ClientReads, type HandedTokens } from './client-reads.ts';
import { ClientToken } from './client-token.ts';
import { NOT_DONE } from './client-transaction.ts';
import { ClientWrites } from './client-writes.ts';
import type { Cluster } from './cluster.ts';
import type { MemberProcess } from './member.ts';
import { describeReading } from './reading.ts';
import { describeWriting, drawWriting, type Writing } from './writing.ts';

/** How often a write of unknown outcome is asked again under its id before the client goes on. */
const RETRIES_MAX = 8;
/** Rest before another try. */
const RETRY_MS = 100;
/** Instead its outcome is asked for with this probability. */
const ASKS_OUTCOME = 0.5;
/** What is known is asked once more with this probability. */
const ASKS_AGAIN = 0.08;
/** And of what SQLite has refused. */
const ASKS_OF_REFUSAL = 0.3;
/** How long a client waits for what it can do without. */
const PATIENCE_MS = 3000;
/** A client stays with its member with this probability, else it goes to another. */
const STAYS = 0.8;

const UNKNOWN: Answer = {
  outcome: { kind: 'unknown' },
  position: null,
  reached: null,
  error: null,
};
/** Nobody was there to be asked. */
const REFUSED: Answer = { ...UNKNOWN, outcome: { kind: 'rejected' } };

export interface ClientParts {
  readonly number: number;
  readonly cluster: Cluster;
  readonly prng: Prng;
  readonly workload: Workload;
  readonly recorder: Recorder;
  readonly handed: HandedTokens;
  /** A number that rises with every event. */
  readonly clock: () => number;
}

/** One session: does one thing after the other, through whichever member is there. */
export class Client {
  readonly #parts: ClientParts;
  #member: MemberProcess | null = null;
  readonly #token = new ClientToken();
  readonly #reads: ClientReads;
  readonly #writes: ClientWrites;
  #nextId = 1;
  #stopped = false;
  /** It waits for no answer. */
  idle = true;
  done = 0;

  constructor(parts: ClientParts) {
    this.#parts = parts;
    const { cluster, prng, handed } = parts;
    this.#reads = new ClientReads(cluster, prng, this.#token, handed);
    this.#writes = new ClientWrites(cluster, prng, this.#token);
  }

  /** Until `stop`. */
  async run(): Promise<void> {
    const { cluster, prng, workload } = this.#parts;
    const { restMs } = cluster;
    while (!this.#stopped) {
      await cluster.sleep(prng.between(0, 2 * restMs));
      if (this.#stopped) return;
      const action = workload.next();
      this.idle = false;
      await (isRead(action) ? this.#read(action) : this.#write(action));
      this.idle = true;
    }
  }

  stop(): void {
    this.#stopped = true;
  }

  async #read(action: Action): Promise<void> {
    const { number, recorder, clock } = this.#parts;
    const reading = this.#reads.draw();
    const pending = recorder.called(number, action, reading.options.level, clock());
    const answer = await this.#through((member) => this.#reads.ask(member, action, reading));
    this.#answered(pending, answer, describeReading(reading));
  }

  async #write(action: Action): Promise<void> {
    const { number, recorder, clock, cluster, prng } = this.#parts;
    const id = prng.chance(cluster.plan.named) ? `c${number}-${this.#nextId++}` : null;
    const writing = drawWriting(prng, cluster.ids, id);
    const pending = recorder.called(number, action, null, clock());
    const given = await this.#ask(action, writing);
    const answer = writing.ending === null || writing.ending === 'commit' ? given : NOT_DONE;
    const { outcome, position, reached } = answer;
    if (outcome.kind !== 'ok' || position === null || reached?.committed !== false) {
      this.#answered(pending, answer, describeWriting(writing));
      if (isRefusal(answer) && prng.chance(ASKS_OF_REFUSAL))
        await this.#askOfRefusal(action, writing);
      if (outcome.kind === 'ok' && position !== null && prng.chance(ASKS_AGAIN))
        await this.#askAgain(action, writing, position);
      return;
    }
    const operation = this.#answered(pending, UNKNOWN, `${describeWriting(writing)}, so far`);
    cluster.writePromises.provisional(position, outcome.observed, operation);
    await this.#patiently(this.#writes.countsAtRisk(position));
  }

  #answered(pending: Pending, answer: Answer, how: string): Operation {
    const { number, recorder, workload, clock, cluster, handed } = this.#parts;
    const { action } = pending;
    workload.saw(action, answer.outcome);
    cluster.trace.add(`c${number}`, `${describeAction(action)}: ${describe(answer)} (${how})`);
    if (this.#token.token !== null) handed.set(number, this.#token.token);
    this.done++;
    return recorder.returned(pending, answer.outcome, answer.position, clock());
  }

  /** A write of unknown outcome is asked again under its id, or its outcome is asked for, until that is known. */
  async #ask(action: Action, writing: Writing): Promise<Answer> {
    const { cluster, prng } = this.#parts;
    const { options, ending } = writing;
    let answer = await this.#through((member) => this.#writes.ask(member, action, writing));
    const id = options.id ?? answer.error?.requestId ?? null;
    for (let i = 0; i < RETRIES_MAX && answer.outcome.kind === 'unknown' && id !== null; i++) {
      this.#member = null;
      await cluster.sleep(RETRY_MS);
      const again = { ...writing, options: { ...options, id } };
      const next =
        ending !== null || prng.chance(ASKS_OUTCOME)
          ? await this.#through((member) =>
              this.#writes.outcome(member, action, id, ending !== null).then((a) => a ?? UNKNOWN),
            )
          : await this.#through((member) => this.#writes.ask(member, action, again));
      // That it was refused now says nothing about what became of it before, unless it is what is known of it.
      if (next.outcome.kind === 'ok' || next === NOT_DONE) answer = next;
    }
    return answer;
  }

  /** Of what is there for good: the first answer is given again, and `outcome` knows it. */
  async #askAgain(action: Action, writing: Writing, position: Position): Promise<void> {
    const { cluster, prng } = this.#parts;
    const { id } = writing.options;
    if (id === undefined) return;
    const member = this.#choose();
    if (member === null) return;
    if (writing.ending !== null || prng.chance(0.5))
      return this.#patiently(this.#writes.isKnown(member, id, position));
    const again = await this.#through((one) => this.#writes.ask(one, action, writing));
    if (again.position === null) return;
    const known = { state: 'committed', results: [], reached: again.reached! } as const;
    cluster.check(() =>
      cluster.writePromises.outcomeOf(position, { ...known, position: again.position! }),
    );
  }

  async #askOfRefusal(action: Action, { options, ending }: Writing): Promise<void> {
    const { prng } = this.#parts;
    const { id } = options;
    // A transaction goes on after the refusal of a statement: its own end is what is recorded.
    if (id === undefined || ending !== null) return;
    const member = this.#choose();
    if (member === null) return;
    const again = prng.chance(0.5);
    await this.#patiently(this.#writes.isRefused(member, action, { ...options, id }, again));
  }

  /** Nobody waits for ever for a process that is gone: the next thing that is asked finds that out. */
  async #patiently(work: Promise<void>): Promise<void> {
    await Promise.race([work, this.#parts.cluster.sleep(PATIENCE_MS)]);
  }

  async #through(ask: (member: MemberProcess) => Promise<Answer>): Promise<Answer> {
    const member = this.#choose();
    if (member === null) return REFUSED;
    const died = new Promise<Answer>((resolve) => member.whenDead(() => resolve(UNKNOWN)));
    const answer = await Promise.race([ask(member), died]);
    if (answer.outcome.kind === 'ok') this.#token.saw(member.handle.token);
    else this.#member = null;
    return answer;
  }

  #choose(): MemberProcess | null {
    const { cluster, prng } = this.#parts;
    const able = cluster.serving();
    const stays = prng.chance(STAYS);
    if (stays && this.#member !== null && able.includes(this.#member)) return this.#member;
    const next = able.length === 0 ? null : able[prng.between(0, able.length - 1)]!;
    this.#member = next;
    return next;
  }
}

function isRefusal({ error }: Answer): boolean {
  return error?.sqlite?.code === 'SQLITE_CONSTRAINT';
}

function describe({ outcome, position }: Answer): string {
  const at = position === null ? '' : ` at ${position.term}.${position.index}`;
  if (outcome.kind !== 'ok') return outcome.kind;
  return `${JSON.stringify(outcome.observed)}${at}`;
}
