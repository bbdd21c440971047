import { decodeToken } from '../../src/api/token.ts';
import type { Prng } from '../../src/base/prng.ts';
import { describeAction } from '../history/describe.ts';
import type { Action, Operation, ReadLevel } from '../history/operation.ts';
import type { Pending, Recorder } from '../history/recorder.ts';
import type { Answer } from '../workload/perform.ts';
import type { Workload } from '../workload/workload.ts';
import type { HandedTokens } from './client-reads.ts';
import { ClientToken } from './client-token.ts';
import type { Cluster } from './cluster.ts';
import type { MemberProcess } from './member.ts';

/** How long a client waits for what it can do without. */
const PATIENCE_MS = 3000;
/** A client stays with its member with this probability, else it goes to another. */
const STAYS = 0.8;

export const UNKNOWN: Answer = {
  outcome: { kind: 'unknown' },
  position: null,
  reached: null,
  error: null,
};
/** It did not happen. */
export const NOT_DONE: Answer = { ...UNKNOWN, outcome: { kind: 'rejected' } };
/** Nobody was there to be asked. */
const REFUSED: Answer = { ...NOT_DONE };

export interface SessionParts {
  readonly number: number;
  readonly cluster: Cluster;
  readonly prng: Prng;
  readonly workload: Workload;
  readonly recorder: Recorder;
  readonly handed: HandedTokens;
  /** A number that rises with every event. */
  readonly clock: () => number;
}

/** One session: the member it is with, what it has seen, and what it was told. */
export class ClientSession {
  readonly parts: SessionParts;
  readonly token = new ClientToken();
  #member: MemberProcess | null = null;
  done = 0;

  constructor(parts: SessionParts) {
    this.parts = parts;
  }

  called(action: Action, level: ReadLevel | null): Pending {
    const { number, recorder, clock } = this.parts;
    return recorder.called(number, action, level, clock());
  }

  /** `at`: when, if that was before now. */
  answered(pending: Pending, answer: Answer, how: string, at = this.parts.clock()): Operation {
    const { number, recorder, workload, cluster, handed } = this.parts;
    const { action } = pending;
    workload.saw(action, answer.outcome);
    cluster.trace.add(`c${number}`, `${describeAction(action)}: ${describe(answer)} (${how})`);
    if (this.token.token !== null) handed.set(number, this.token.token);
    this.done++;
    return recorder.returned(pending, answer.outcome, answer.position, at);
  }

  /** The answer of a member that serves; UNKNOWN if it is gone before that. */
  async through(ask: (member: MemberProcess) => Promise<Answer>): Promise<Answer> {
    const member = this.choose();
    if (member === null) return REFUSED;
    const answer = await this.unlessDead(member, ask(member), UNKNOWN);
    if (answer.outcome.kind === 'ok') this.saw(member);
    else this.leave();
    return answer;
  }

  unlessDead<T>(member: MemberProcess, work: Promise<T>, dead: T): Promise<T> {
    return Promise.race([work, new Promise<T>((resolve) => member.whenDead(() => resolve(dead)))]);
  }

  /** What it was told through this member is in what it has seen. */
  saw(member: MemberProcess): void {
    const { handle } = member;
    const { cluster } = this.parts;
    cluster.check(() => cluster.promises.lost.certain(member, decodeToken(handle.certainToken)));
    this.token.saw(handle.token);
  }

  /** It asks another member next. */
  leave(): void {
    this.#member = null;
  }

  choose(): MemberProcess | null {
    const { cluster, prng } = this.parts;
    const able = cluster.asked();
    const stays = prng.chance(STAYS);
    if (stays && this.#member !== null && able.includes(this.#member)) return this.#member;
    const next = able.length === 0 ? null : able[prng.between(0, able.length - 1)]!;
    this.#member = next;
    return next;
  }

  /** Nobody waits for ever for a process that is gone: the next thing that is asked finds that out. */
  async patiently(work: Promise<void>): Promise<void> {
    await Promise.race([work, this.parts.cluster.sleep(PATIENCE_MS)]);
  }
}

function describe({ outcome, position }: Answer): string {
  const at = position === null ? '' : ` at ${position.term}.${position.index}`;
  if (outcome.kind !== 'ok') return outcome.kind;
  const before = outcome.before === undefined ? '' : `, before ${JSON.stringify(outcome.before)}`;
  return `${JSON.stringify(outcome.observed)}${before}${at}`;
}
