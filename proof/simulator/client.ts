import type { Position } from '../../src/api/request.ts';
import type { Prng } from '../../src/base/prng.ts';
import { describeAction } from '../history/describe.ts';
import { type Action, isRead } from '../history/operation.ts';
import type { Recorder } from '../history/recorder.ts';
import { type Answer, performWrite } from '../workload/perform.ts';
import type { Workload } from '../workload/workload.ts';
import { ClientReads, type HandedTokens } from './client-reads.ts';
import { ClientToken } from './client-token.ts';
import type { Cluster } from './cluster.ts';
import type { MemberProcess } from './member.ts';
import { describeReading, type Reading } from './reading.ts';

/** How often a write of unknown outcome is asked again under its id before the client goes on. */
const RETRIES_MAX = 8;
/** Rest before another try. */
const RETRY_MS = 100;
/** A client stays with its member with this probability, else it goes to another. */
const STAYS = 0.8;

const UNKNOWN: Answer = {
  outcome: { kind: 'unknown' },
  position: null,
  reached: null,
  error: null,
};

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
  #nextId = 1;
  #stopped = false;
  /** It waits for no answer. */
  idle = true;
  done = 0;

  constructor(parts: ClientParts) {
    this.#parts = parts;
    this.#reads = new ClientReads(parts.cluster, parts.prng, this.#token, parts.handed);
  }

  /** Until `stop`. */
  async run(): Promise<void> {
    const { cluster, prng, workload } = this.#parts;
    const { restMs, named } = cluster.plan;
    while (!this.#stopped) {
      await cluster.sleep(prng.between(0, 2 * restMs));
      if (this.#stopped) return;
      const action = workload.next();
      const id =
        !isRead(action) && prng.chance(named) ? `c${this.#parts.number}-${this.#nextId++}` : null;
      this.idle = false;
      await this.#perform(action, id);
      this.idle = true;
    }
  }

  stop(): void {
    this.#stopped = true;
  }

  async #perform(action: Action, id: string | null): Promise<void> {
    const { number, recorder, workload, clock, cluster, handed } = this.#parts;
    const reading = isRead(action) ? this.#reads.draw() : null;
    const pending = recorder.called(number, action, reading?.options.level ?? null, clock());
    const answer = await this.#ask(action, id, reading);
    recorder.returned(pending, answer.outcome, answer.position, clock());
    workload.saw(action, answer.outcome);
    const how = reading === null ? (id ?? 'unnamed') : describeReading(reading);
    cluster.trace.add(`c${number}`, `${describeAction(action)}: ${describe(answer)} (${how})`);
    if (this.#token.token !== null) handed.set(number, this.#token.token);
    this.done++;
  }

  /** A write that bears an id is asked again until its outcome is known. */
  async #ask(action: Action, id: string | null, reading: Reading | null): Promise<Answer> {
    const { cluster } = this.#parts;
    let answer = UNKNOWN;
    for (let i = 0; i < RETRIES_MAX; i++) {
      const member = this.#choose();
      if (member === null)
        answer = i === 0 ? { ...UNKNOWN, outcome: { kind: 'rejected' } } : answer;
      else {
        const next = await this.#askMember(member, action, id, reading);
        // That it was refused now says nothing about what became of it before.
        if (i === 0 || next.outcome.kind === 'ok') answer = next;
      }
      if (answer.outcome.kind !== 'unknown' || id === null) return answer;
      this.#member = null;
      await cluster.sleep(RETRY_MS);
    }
    return answer;
  }

  async #askMember(
    member: MemberProcess,
    action: Action,
    id: string | null,
    reading: Reading | null,
  ): Promise<Answer> {
    const died = new Promise<Answer>((resolve) => member.whenDead(() => resolve(UNKNOWN)));
    const { handle } = member;
    const asked =
      reading === null
        ? performWrite(handle, action, id === null ? {} : { id })
        : this.#reads.ask(member, action, reading);
    const answer = await Promise.race([asked, died]);
    if (answer.outcome.kind !== 'ok') {
      this.#member = null;
      return answer;
    }
    this.#token.saw(handle.token);
    const { position } = answer;
    if (reading === null && position !== null) this.#acknowledged(member, position);
    return answer;
  }

  #acknowledged(member: MemberProcess, position: Position): void {
    const { cluster } = this.#parts;
    cluster.check(() => cluster.checker.acknowledged(member.id, position));
    cluster.promises.wrote(member, position);
    this.#token.sawCommitted(position);
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

function describe({ outcome, position }: Answer): string {
  const at = position === null ? '' : ` at ${position.term}.${position.index}`;
  if (outcome.kind !== 'ok') return outcome.kind;
  return `${JSON.stringify(outcome.observed)}${at}`;
}
