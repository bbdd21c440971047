import type { QueryResult, Statement } from '../../src/api/request.ts';
import { decodeToken } from '../../src/api/token.ts';
import type { Prng } from '../../src/base/prng.ts';
import { isLater } from '../../src/member/needed-positions.ts';
import { describeAction } from '../history/describe.ts';
import { type Action, isRead, type ReadLevel } from '../history/operation.ts';
import type { Recorder } from '../history/recorder.ts';
import { type Answer, performRead, performWrite } from '../workload/perform.ts';
import type { Workload } from '../workload/workload.ts';
import type { Cluster } from './cluster.ts';
import type { MemberProcess } from './member.ts';

/** How often a write of unknown outcome is asked again under its id before the client goes on. */
const RETRIES_MAX = 8;
/** Rest before another try. */
const RETRY_MS = 100;
/** Reads are asked at these levels, each as often as it is here. */
const LEVELS: readonly ReadLevel[] = ['eventual', 'eventual', 'session', 'session', 'strong'];
/** A client stays with its member with this probability, else it goes to another. */
const STAYS = 0.8;

const UNKNOWN: Answer = { outcome: { kind: 'unknown' }, position: null };

export interface ClientParts {
  readonly number: number;
  readonly cluster: Cluster;
  readonly prng: Prng;
  readonly workload: Workload;
  readonly recorder: Recorder;
  /** A number that rises with every event. */
  readonly clock: () => number;
}

/** One session: does one thing after the other, through whichever member is there. */
export class Client {
  readonly #parts: ClientParts;
  #member: MemberProcess | null = null;
  /** What it has written and read, for its next read through whichever member. */
  #token: string | null = null;
  #nextId = 1;
  #stopped = false;
  /** It waits for no answer. */
  idle = true;
  done = 0;

  constructor(parts: ClientParts) {
    this.#parts = parts;
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
    const { recorder, workload, clock, cluster, prng } = this.#parts;
    const level = isRead(action) ? LEVELS[prng.between(0, LEVELS.length - 1)]! : null;
    const pending = recorder.called(this.#parts.number, action, level, clock());
    const answer = await this.#ask(action, id, level);
    recorder.returned(pending, answer.outcome, answer.position, clock());
    workload.saw(action, answer.outcome);
    cluster.trace.add(
      `c${this.#parts.number}`,
      `${describeAction(action)}: ${describe(answer)} (${level ?? id ?? 'unnamed'})`,
    );
    this.done++;
  }

  /** A write that bears an id is asked again until its outcome is known. */
  async #ask(action: Action, id: string | null, level: ReadLevel | null): Promise<Answer> {
    const { cluster } = this.#parts;
    let answer = UNKNOWN;
    for (let i = 0; i < RETRIES_MAX; i++) {
      const member = this.#choose();
      if (member === null)
        answer = i === 0 ? { ...UNKNOWN, outcome: { kind: 'rejected' } } : answer;
      else {
        const next = await this.#askMember(member, action, id, level);
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
    level: ReadLevel | null,
  ): Promise<Answer> {
    const died = new Promise<Answer>((resolve) => member.whenDead(() => resolve(UNKNOWN)));
    const { handle } = member;
    const after = level === 'session' && this.#token !== null ? { after: this.#token } : {};
    const query = ({ sql, args }: Statement) =>
      handle
        .query(sql, args, { level: level!, ...after })
        .then((result) => this.#checkRead(member, result));
    const asked = isRead(action)
      ? performRead(query, action)
      : performWrite(handle, action, id === null ? {} : { id });
    const answer = await Promise.race([asked, died]);
    if (answer.outcome.kind !== 'ok') {
      this.#member = null;
      return answer;
    }
    this.#token = later(this.#token, handle.token);
    const { position } = answer;
    const { cluster } = this.#parts;
    if (!isRead(action) && position !== null)
      cluster.check(() => cluster.checker.acknowledged(member.id, position));
    return answer;
  }

  /** I5 */
  #checkRead(member: MemberProcess, result: QueryResult): QueryResult {
    const at = member.home.positionOf(result);
    if (at === undefined) return result;
    const { cluster } = this.#parts;
    cluster.check(() => cluster.checker.read(member.id, at));
    return result;
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

/** A handle's token says nothing of what the client did through others. */
function later(one: string | null, other: string): string {
  return one !== null && isLater(decodeToken(one), decodeToken(other)) ? one : other;
}

function describe({ outcome, position }: Answer): string {
  const at = position === null ? '' : ` at ${position.term}.${position.index}`;
  if (outcome.kind !== 'ok') return outcome.kind;
  return `${JSON.stringify(outcome.observed)}${at}`;
}
