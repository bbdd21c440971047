import type { Transaction } from '../../src/api/database.ts';
import type { Receipt } from '../../src/api/request.ts';
import { PacelineError } from '../../src/base/errors.ts';
import type { Prng } from '../../src/base/prng.ts';
import type { Action } from '../history/operation.ts';
import { type Answer, answer, answerOfError } from '../workload/perform.ts';
import { observedIn, SQL, toStatements } from '../workload/statements.ts';
import { NOT_DONE } from './client-session.ts';
import type { Cluster } from './cluster.ts';
import type { MemberProcess } from './member.ts';
import { Violation } from './violation.ts';
import type { Writing } from './writing.ts';

/** How long transactions may be open, and how long their callers think between two statements. */
const LIFETIMES_MS = [60, 200];
const THOUGHT_MS_MAX = 30;
/** Clocks may be slow by a fifth; and a little for the turn in which it is noticed. */
const SLOWEST = 1.3;
const TURN_MS = 30;

/** Carries out a write as an interactive transaction, with time passing between its statements. */
export class ClientTransaction {
  readonly #cluster: Cluster;
  readonly #prng: Prng;

  constructor(cluster: Cluster, prng: Prng) {
    this.#cluster = cluster;
    this.#prng = prng;
  }

  async perform(
    { handle }: MemberProcess,
    action: Action,
    { options, ending }: Writing,
  ): Promise<Answer> {
    const lifetimeMs = LIFETIMES_MS[this.#prng.between(0, 1)]!;
    try {
      const transaction = await handle.transaction('write', { ...options, lifetimeMs });
      if (!(await this.#run(transaction, action, ending === 'commit'))) {
        await transaction.close();
        return NOT_DONE;
      }
      if (ending === 'commit') return await this.#commit(transaction, action);
      if (ending === 'roll back') await transaction.rollback();
      else await this.#outlive(transaction, lifetimeMs);
      return NOT_DONE;
    } catch (error) {
      if (error instanceof PacelineError && error.category !== 'unknown-outcome')
        return { ...NOT_DONE, error };
      return answerOfError(action, error);
    }
  }

  /** False if it is to be rolled back. Of what will not be committed only a part is done, so that it would show. */
  async #run(transaction: Transaction, action: Action, whole: boolean): Promise<boolean> {
    if (action.kind === 'cas') {
      const read = { kind: 'read', key: action.key } as const;
      const found = await transaction.query(SQL.read, [action.key]);
      if (observedIn(read, [found]) !== action.expected) return false;
      await this.#think();
      await transaction.execute(SQL.write, [action.key, action.value]);
      return true;
    }
    for (const { sql, args } of toStatements(action).slice(0, whole ? undefined : 1)) {
      await transaction.execute(sql, args);
      await this.#think();
    }
    return true;
  }

  async #commit(transaction: Transaction, action: Action): Promise<Answer> {
    const receipt: Receipt = await transaction.commit();
    return answer(action, [{ rows: [[0]] }], receipt);
  }

  async #outlive(transaction: Transaction, lifetimeMs: number): Promise<void> {
    await this.#cluster.sleep(lifetimeMs * SLOWEST + TURN_MS);
    const refused = await transaction.commit().then(
      () => false,
      (error: unknown) => error instanceof PacelineError,
    );
    if (refused) return;
    const what = `a transaction was committed that was open for longer than ${lifetimeMs} ms`;
    this.#cluster.fail(new Violation('transaction lifetime', what));
  }

  #think(): Promise<void> {
    return this.#cluster.sleep(this.#prng.between(0, THOUGHT_MS_MAX));
  }
}
