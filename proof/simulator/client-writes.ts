import type { Durability } from '../../src/api/durability.ts';
import type { Position } from '../../src/api/request.ts';
import { PacelineError } from '../../src/base/errors.ts';
import type { Prng } from '../../src/base/prng.ts';
import type { Action } from '../history/operation.ts';
import { type Answer, answer, answerOfError, performWrite } from '../workload/perform.ts';
import { NOT_DONE } from './client-session.ts';
import type { ClientToken } from './client-token.ts';
import { ClientTransaction } from './client-transaction.ts';
import type { Cluster } from './cluster.ts';
import type { MemberProcess } from './member.ts';
import { Violation } from './violation.ts';
import type { Writing } from './writing.ts';

type NamedWrite = Writing['options'] & { readonly id: string };

/** How one client writes: at all levels of durability, in one call or several; what it is told is judged at once. */
export class ClientWrites {
  readonly #cluster: Cluster;
  readonly #token: ClientToken;
  readonly #transaction: ClientTransaction;

  constructor(cluster: Cluster, prng: Prng, token: ClientToken) {
    this.#cluster = cluster;
    this.#token = token;
    this.#transaction = new ClientTransaction(cluster, prng);
  }

  async ask(member: MemberProcess, action: Action, writing: Writing): Promise<Answer> {
    const { handle } = member;
    const { options, ending } = writing;
    const call = this.#cluster.handleOrder.calls(member);
    const asked =
      ending === null
        ? performWrite(handle, action, options)
        : this.#transaction.perform(member, action, writing);
    const given = await asked;
    if (given.position === null) return given;
    const forGood = this.acknowledged(member, given, options.durability);
    // One with an id may have been done by an earlier try; a transaction has its place when it is committed.
    const isPlain = options.id === undefined && ending === null;
    if (forGood && isPlain)
      this.#cluster.check(() => this.#cluster.handleOrder.done(member, call, given.position!));
    return given;
  }

  /** The answer has a position. Returns whether what was acknowledged is there for good. */
  acknowledged(
    member: MemberProcess,
    { position, reached }: Answer,
    asked: Durability | undefined,
  ): boolean {
    const { writePromises, promises, plan } = this.#cluster;
    const durability = asked ?? plan.options.durability;
    let forGood = false;
    this.#cluster.check(() => {
      forGood = writePromises.acknowledged(member, position!, reached!, durability);
    });
    promises.wrote(member, position!);
    if (forGood) this.#token.sawCommitted(position!);
    return forGood;
  }

  /** What became of a write. `ended`: nobody will do any more of it by itself, as of a transaction that was asked about. */
  async outcome(
    { handle }: MemberProcess,
    action: Action,
    id: string,
    ended: boolean,
  ): Promise<Answer | null> {
    try {
      const outcome = await handle.outcome(id);
      if (outcome.state === 'unknown') return ended ? NOT_DONE : null;
      if (outcome.state === 'rejected') return answerOfError(action, outcome.error);
      const { position, reached, results } = outcome;
      this.#cluster.check(() => this.#cluster.checker.acknowledged('outcome', position));
      this.#token.sawCommitted(position);
      return answer(action, results.length === 0 ? DONE : results, { position, reached });
    } catch (error) {
      if (error instanceof PacelineError) return null;
      throw error;
    }
  }

  /** A write that was acknowledged for good is known from then on. */
  async isKnown({ handle }: MemberProcess, id: string, position: Position): Promise<void> {
    try {
      const outcome = await handle.outcome(id);
      this.#cluster.check(() => this.#cluster.writePromises.outcomeOf(position, outcome));
    } catch (error) {
      if (!(error instanceof PacelineError)) throw error;
    }
  }

  /** So is the refusal of a write: another try gets it, too. `again`: it is tried, else asked about. */
  async isRefused(
    { handle }: MemberProcess,
    action: Action,
    options: NamedWrite,
    again: boolean,
  ): Promise<void> {
    try {
      const { writePromises } = this.#cluster;
      if (again) {
        const { outcome } = await performWrite(handle, action, options);
        this.#cluster.check(() => writePromises.refusedAgain(options.id, outcome));
      } else {
        const outcome = await handle.outcome(options.id);
        this.#cluster.check(() => writePromises.refusalOf(options.id, outcome));
      }
    } catch (error) {
      if (!(error instanceof PacelineError)) throw error;
    }
  }

  /** The leader counts what it may lose of what it has acknowledged. */
  async countsAtRisk({ term }: Position): Promise<void> {
    const { writePromises } = this.#cluster;
    const leader = this.#cluster.leader();
    if (leader?.ready !== true || leader.raft?.term !== term) return;
    // What is acknowledged while the question is on its way may be counted or not.
    const before = writePromises.count;
    try {
      const status = await leader.handle.status();
      const { acknowledgedAtRisk: counted, commitIndex } = status;
      if (counted === null || status.term !== term) return;
      const due = writePromises.atRisk(before, term, commitIndex);
      if (counted >= due) return;
      const what = `${leader.id} counts ${counted} acknowledged writes that it may lose, and has ${due}`;
      this.#cluster.fail(new Violation('I10 acknowledged at risk', what));
    } catch (error) {
      if (!(error instanceof PacelineError)) throw error;
    }
  }
}

/** What a transaction returned was returned before its commit: that it took effect is all. */
const DONE = [{ rows: [[0]] }];
