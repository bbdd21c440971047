import type { Position } from '../../src/api/request.ts';
import { type Action, isRead } from '../history/operation.ts';
import type { Answer } from '../workload/perform.ts';
import { ClientCalls } from './client-calls.ts';
import { ClientReads } from './client-reads.ts';
import { ClientSession, NOT_DONE, type SessionParts, UNKNOWN } from './client-session.ts';
import { ClientWrites } from './client-writes.ts';
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

/** Does one thing after the other, through whichever member is there. */
export class Client {
  readonly #session: ClientSession;
  readonly #parts: SessionParts;
  readonly #reads: ClientReads;
  readonly #writes: ClientWrites;
  readonly #calls: ClientCalls;
  #nextId = 1;
  #stopped = false;
  /** It waits for no answer. */
  idle = true;

  constructor(parts: SessionParts) {
    const { cluster, prng, handed } = parts;
    this.#parts = parts;
    this.#session = new ClientSession(parts);
    const { token } = this.#session;
    this.#reads = new ClientReads(cluster, prng, token, handed);
    this.#writes = new ClientWrites(cluster, prng, token);
    this.#calls = new ClientCalls(this.#session, this.#reads, this.#writes);
  }

  get done(): number {
    return this.#session.done;
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
      const call = this.#calls.draw(action);
      if (call !== null) await call();
      else await (isRead(action) ? this.#read(action) : this.#write(action));
      this.idle = true;
    }
  }

  stop(): void {
    this.#stopped = true;
  }

  async #read(action: Action): Promise<void> {
    const reading = this.#reads.draw();
    const pending = this.#session.called(action, reading.options.level);
    const answer = await this.#session.through((member) =>
      this.#reads.ask(member, action, reading),
    );
    this.#session.answered(pending, answer, describeReading(reading));
  }

  async #write(action: Action): Promise<void> {
    const { number, cluster, prng } = this.#parts;
    const id = prng.chance(cluster.plan.named) ? `c${number}-${this.#nextId++}` : null;
    const writing = drawWriting(prng, cluster.ids, id);
    const pending = this.#session.called(action, null);
    const given = await this.#ask(action, writing);
    const answer = writing.ending === null || writing.ending === 'commit' ? given : NOT_DONE;
    const { outcome, position, reached } = answer;
    if (outcome.kind !== 'ok' || position === null || reached?.committed !== false) {
      this.#session.answered(pending, answer, describeWriting(writing));
      if (isRefusal(answer) && prng.chance(ASKS_OF_REFUSAL))
        await this.#askOfRefusal(action, writing);
      if (outcome.kind === 'ok' && position !== null && prng.chance(ASKS_AGAIN))
        await this.#askAgain(action, writing, position);
      return;
    }
    const operation = this.#session.answered(
      pending,
      UNKNOWN,
      `${describeWriting(writing)}, so far`,
    );
    cluster.writePromises.provisional(position, outcome, operation);
    await this.#session.patiently(this.#writes.countsAtRisk(position));
  }

  /** A write of unknown outcome is asked again under its id, or its outcome is asked for, until that is known. */
  async #ask(action: Action, writing: Writing): Promise<Answer> {
    const { cluster, prng } = this.#parts;
    const { options, ending } = writing;
    let answer = await this.#session.through((member) => this.#writes.ask(member, action, writing));
    const id = options.id ?? answer.error?.requestId ?? null;
    for (let i = 0; i < RETRIES_MAX && answer.outcome.kind === 'unknown' && id !== null; i++) {
      this.#session.leave();
      await cluster.sleep(RETRY_MS);
      const again = { ...writing, options: { ...options, id } };
      const next =
        ending !== null || prng.chance(ASKS_OUTCOME)
          ? await this.#session.through((member) =>
              this.#writes.outcome(member, action, id, ending !== null).then((a) => a ?? UNKNOWN),
            )
          : await this.#session.through((member) => this.#writes.ask(member, action, again));
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
    const member = this.#session.choose();
    if (member === null) return;
    if (writing.ending !== null || prng.chance(0.5))
      return this.#session.patiently(this.#writes.isKnown(member, id, position));
    const again = await this.#session.through((one) => this.#writes.ask(one, action, writing));
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
    const member = this.#session.choose();
    if (member === null) return;
    const again = prng.chance(0.5);
    await this.#session.patiently(
      this.#writes.isRefused(member, action, { ...options, id }, again),
    );
  }
}

function isRefusal({ error }: Answer): boolean {
  return error?.sqlite?.code === 'SQLITE_CONSTRAINT';
}
