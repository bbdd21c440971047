import type { Transaction } from '../../src/api/database.ts';
import type { Receipt } from '../../src/api/request.ts';
import type { TransactionRunOptions } from '../../src/api/transaction.ts';
import { PacelineError } from '../../src/base/errors.ts';
import type { Prng } from '../../src/base/prng.ts';
import type { Action, Observed } from '../history/operation.ts';
import type { Pending } from '../history/recorder.ts';
import { type Answer, answerOfError } from '../workload/perform.ts';
import { changeWhatIsRead } from './change-what-is-read.ts';
import { type ClientSession, NOT_DONE, UNKNOWN } from './client-session.ts';
import type { ClientWrites } from './client-writes.ts';
import { drawFunction, type FunctionCall } from './function-call.ts';
import type { MemberProcess } from './member.ts';
import { Violation } from './violation.ts';

/** Clocks may be slow by a fifth; and a little for the turn in which it is noticed. */
const SLOWEST = 1.3;
const TURN_MS = 30;
/** How often the outcome is asked for where it is unknown. */
const ASKS_MAX = 8;
const ASK_MS = 100;
/** What was committed under an id is run once more with this probability. */
const RUN_ONCE_MORE = 0.15;

/** The work is called once more: what it did before is nowhere. */
interface Attempt {
  readonly action: Action;
  readonly pending: Pending;
  before?: Observed;
  observed: Observed;
  receipt: Receipt | null;
}

/** The work gives up by itself. */
class GivenUp extends Error {}

/** One call of `transaction(work, …)`. */
interface Run {
  readonly member: MemberProcess;
  readonly call: FunctionCall;
  readonly attempts: Attempt[];
  /** Nobody waits for it any more. */
  over: boolean;
}

/**
 * How one client runs functions as transactions: they read what they change. Each attempt is an operation of its own in the
 * history, with values of its own, so that one that took effect although it was run again shows.
 */
export class ClientFunctions {
  readonly #session: ClientSession;
  readonly #prng: Prng;
  readonly #writes: ClientWrites;
  #nextId = 1;

  constructor(session: ClientSession, prng: Prng, writes: ClientWrites) {
    this.#session = session;
    this.#prng = prng;
    this.#writes = writes;
  }

  async run(action: Action): Promise<void> {
    const { number, cluster } = this.#session.parts;
    const id = this.#prng.chance(cluster.plan.named) ? `f${number}-${this.#nextId++}` : null;
    const call = drawFunction(this.#prng, cluster, id);
    const done = await this.#run(action, call);
    if (done?.position == null || id === null || !this.#prng.chance(RUN_ONCE_MORE)) return;
    await this.#runOnceMore(action, call, done);
  }

  async #run(action: Action, call: FunctionCall): Promise<Answer | null> {
    const { cluster } = this.#session.parts;
    const member = this.#session.choose();
    if (member === null) return null;
    cluster.calls.did('function');
    const run: Run = { member, call, attempts: [], over: false };
    const asked = this.#ask(run, action);
    const told = await this.#session.unlessDead(member, asked, UNKNOWN);
    run.over = true;
    const last = run.attempts.at(-1);
    if (told.outcome.kind !== 'ok') this.#session.leave();
    else this.#session.saw(member);
    // It was not begun.
    if (last === undefined) return null;
    const answer =
      told.outcome.kind === 'unknown' ? await this.#find(last, call, told.error) : told;
    this.#answered(last, answer, call);
    return answer;
  }

  /** What the function came to, judged by its last attempt. */
  async #ask(run: Run, action: Action): Promise<Answer> {
    const { call, member, attempts } = run;
    const { options, way } = call;
    try {
      await member.handle.transaction((transaction) => this.#attempt(run, action, transaction), {
        ...(options as TransactionRunOptions),
      });
      const last = attempts.at(-1)!;
      if (way === 'throw') this.#fail('a transaction hides what its function has thrown');
      if (way === 'roll back') return NOT_DONE;
      return this.#committed(member, last, call);
    } catch (error) {
      if (error instanceof GivenUp) return NOT_DONE;
      // What was not to be committed is not, whatever went wrong.
      if (way === 'roll back' || way === 'throw') return { ...NOT_DONE, error: known(error) };
      const answer = answerOfError(action, error);
      if (answer.error?.sqlite?.code === 'SQLITE_CONSTRAINT')
        this.#fail(`what it read is not what it changes: ${answer.error.message}`);
      return answer;
    } finally {
      this.#mayBeRun(attempts.length, call);
    }
  }

  #mayBeRun(times: number, { options }: FunctionCall): void {
    const { retries = 0 } = options;
    if (times > 1 + retries)
      this.#fail(`a function was run ${times} times, with ${retries} retries`);
  }

  async #attempt(run: Run, action: Action, transaction: Transaction): Promise<void> {
    const { cluster, workload } = this.#session.parts;
    const { attempts, call } = run;
    if (run.over) throw new GivenUp();
    const before = attempts.at(-1);
    if (before !== undefined) {
      cluster.calls.did('function run again');
      this.#session.answered(before.pending, NOT_DONE, 'run again');
    }
    const again = before === undefined ? action : workload.again(action);
    const pending = this.#session.called(again, null);
    const attempt: Attempt = { action: again, pending, observed: null, receipt: null };
    attempts.push(attempt);
    const think = () => cluster.sleep(this.#prng.between(0, call.thoughtMsMax));
    const seen = await changeWhatIsRead(transaction, again, call.way, think);
    Object.assign(attempt, seen);
    await this.#end(attempt, transaction, call, attempts.length === 1);
  }

  async #end(
    attempt: Attempt,
    transaction: Transaction,
    { way, options, needsReceipt }: FunctionCall,
    isFirst: boolean,
  ): Promise<void> {
    const { cluster } = this.#session.parts;
    if (way === 'throw') throw new GivenUp();
    if (way === 'roll back') await transaction.rollback();
    const outlives = way === 'outlive' && isFirst;
    if (outlives) await cluster.sleep(options.lifetimeMs * SLOWEST + TURN_MS);
    const asksReceipt = way === 'commit' || (way === 'outlive' && needsReceipt);
    if (asksReceipt && !outlives) attempt.receipt = await transaction.commit();
  }

  #committed(member: MemberProcess, attempt: Attempt, { options, way }: FunctionCall): Answer {
    const { cluster } = this.#session.parts;
    const { observed, before, receipt } = attempt;
    cluster.calls.did('function committed');
    const outcome = { kind: 'ok', observed, ...(before === undefined ? {} : { before }) } as const;
    const answer = { outcome, position: null, reached: null, error: null };
    if (receipt === null) {
      if (way === 'commit') this.#fail('a function that commits has no receipt');
      return answer;
    }
    const { position, reached } = receipt;
    this.#writes.acknowledged(member, { ...answer, position, reached }, options.durability);
    return { ...answer, position, reached };
  }

  /** What became of it is asked under its id, until that is known. */
  async #find(last: Attempt, call: FunctionCall, error: Answer['error']): Promise<Answer> {
    const { cluster } = this.#session.parts;
    const id = call.options.id ?? error?.requestId;
    if (call.way === 'roll back' || call.way === 'throw') return NOT_DONE;
    for (let i = 0; i < ASKS_MAX && id !== undefined; i++) {
      await cluster.sleep(ASK_MS);
      const found = await this.#session.through(async (member) => {
        return (await this.#writes.outcome(member, last.action, id, true)) ?? UNKNOWN;
      });
      if (found === NOT_DONE) return found;
      if (found.outcome.kind !== 'ok') continue;
      const { observed, before } = last;
      const outcome = {
        kind: 'ok',
        observed,
        ...(before === undefined ? {} : { before }),
      } as const;
      return { ...found, outcome };
    }
    return UNKNOWN;
  }

  #answered({ pending }: Attempt, answer: Answer, call: FunctionCall): void {
    const { cluster } = this.#session.parts;
    const { outcome, position, reached } = answer;
    const how = describeFunction(call);
    if (outcome.kind !== 'ok' || position === null || reached?.committed !== false) {
      this.#session.answered(pending, answer, how);
      return;
    }
    const operation = this.#session.answered(pending, UNKNOWN, `${how}, so far`);
    cluster.writePromises.provisional(position, outcome, operation);
  }

  /** Under an id that is known already: it gets the first answer, and nothing is done (I9). */
  async #runOnceMore(action: Action, call: FunctionCall, first: Answer): Promise<void> {
    const { cluster, workload } = this.#session.parts;
    const member = this.#session.choose();
    if (member === null || first.reached?.committed !== true) return;
    const { retries: _, ...options } = call.options;
    const once: FunctionCall = { ...call, way: 'commit', options };
    const run: Run = { member, call: once, attempts: [], over: false };
    const asked = this.#ask(run, workload.again(action));
    const told = await this.#session.unlessDead(member, asked, UNKNOWN);
    run.over = true;
    const last = run.attempts.at(-1);
    if (last !== undefined) this.#session.answered(last.pending, NOT_DONE, 'the id is known');
    const { position, reached } = told;
    if (position === null || reached == null) return;
    const known = { state: 'committed', results: [], position, reached } as const;
    cluster.check(() => cluster.writePromises.outcomeOf(first.position!, known));
  }

  #fail(what: string): void {
    this.#session.parts.cluster.fail(new Violation('transaction of a function', what));
  }
}

function known(error: unknown): PacelineError {
  if (error instanceof PacelineError) return error;
  throw error;
}

function describeFunction({ way, options }: FunctionCall): string {
  const { id, retries, durability, mode } = options;
  const level = durability === undefined ? '' : `, durability ${durability}`;
  return `function: ${way}, ${mode}, ${retries ?? 0} retries, ${id ?? 'unnamed'}${level}`;
}
