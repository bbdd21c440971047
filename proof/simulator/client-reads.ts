import type { Statement } from '../../src/api/request.ts';
import type { PacelineError } from '../../src/base/errors.ts';
import type { Prng } from '../../src/base/prng.ts';
import type { Action } from '../history/operation.ts';
import { type Answer, performRead } from '../workload/perform.ts';
import type { ClientToken } from './client-token.ts';
import type { Cluster } from './cluster.ts';
import type { MemberProcess } from './member.ts';
import type { Promised } from './read-promises.ts';
import { drawReading, query, type Reading } from './reading.ts';
import { Violation } from './violation.ts';

/** Tokens that clients hand to each other: the last one of each. */
export type HandedTokens = Map<number, string>;

/** No fault explains these. */
const NEVER: ReadonlySet<string> = new Set(['INTERNAL', 'REQUEST_INVALID', 'TOKEN_INVALID']);

/** How one client reads: at every level, and what came of it is judged by what that level promises. */
export class ClientReads {
  readonly #cluster: Cluster;
  readonly #prng: Prng;
  readonly #token: ClientToken;
  readonly #handed: HandedTokens;

  constructor(cluster: Cluster, prng: Prng, token: ClientToken, handed: HandedTokens) {
    this.#cluster = cluster;
    this.#prng = prng;
    this.#token = token;
    this.#handed = handed;
  }

  draw(): Reading {
    const handed = [...this.#handed.values()];
    const others = handed[this.#prng.between(0, Math.max(0, handed.length - 1))] ?? null;
    return drawReading(this.#prng, this.#token.token, others);
  }

  async ask(member: MemberProcess, action: Action, reading: Reading): Promise<Answer> {
    const promised = this.#cluster.promises.asked(member, reading.options);
    const read = async (statement: Statement) => {
      const result = await query(member, statement, reading);
      return this.#answered(member, promised, result, reading);
    };
    const answer = await performRead(read, action);
    const { error } = answer;
    if (error) this.refused(member, promised, error);
    return answer;
  }

  #answered<T extends object>(
    member: MemberProcess,
    promised: Promised,
    result: T,
    { inPlace }: Reading,
  ): T & { position?: Answer['position'] & object } {
    const { home } = member;
    const at = (inPlace ? home.lastReadAt : home.positionOf(result)) ?? null;
    this.#cluster.check(() => this.#cluster.promises.answered(member, promised, at));
    if (at === null) return result;
    this.#token.sawCommitted(at);
    return { ...result, position: at };
  }

  /** The read was refused. */
  refused(member: MemberProcess, { needs }: Promised, { code, message }: PacelineError): void {
    const { promises, calls } = this.#cluster;
    this.#cluster.check(() => {
      if (NEVER.has(code)) throw new Violation('no error without a fault', `${code}: ${message}`);
      if (promises.lost.refused(member, needs, code, message) === null) return;
      calls.did('told lost');
      this.#token.lost();
    });
  }
}
