import { assert } from '../base/assert.ts';
import { PacelineError } from '../base/errors.ts';
import type { Outcome } from '../sqlite/executor.ts';
import { PlainAnswerLists } from './plain-answers.ts';
import type { Port } from './port.ts';
import type { AppToSql, LoopToSql, SqlToApp, SqlToLoop } from './protocol.ts';
import { ResultPacks } from './result-packs.ts';
import { isTransaction, type QueuedTransaction, type QueuedWrite } from './write-queue.ts';

export function notLeader(): PacelineError {
  return new PacelineError('NOT_LEADER', 'this member does not lead');
}

/** Brings answers to whoever asked. */
export class SqlAnswers {
  readonly #app: Port<AppToSql, SqlToApp>;
  readonly #loop: Port<LoopToSql, SqlToLoop>;

  constructor(app: Port<AppToSql, SqlToApp>, loop: Port<LoopToSql, SqlToLoop>) {
    this.#app = app;
    this.#loop = loop;
  }

  answerAll(writes: readonly QueuedWrite[], outcomes: readonly Outcome[]): void {
    const [plain, packs] = [new PlainAnswerLists(), new ResultPacks()];
    for (const [i, outcome] of outcomes.entries()) {
      const write = writes[i]!;
      const gathered = write.from === 'app' ? plain : packs;
      if (!gathered.take(write.key, outcome)) this.#answer(write, outcome);
    }
    for (const answers of plain.lists()) this.#app.post(answers);
    for (const answers of packs.all()) this.#loop.post(answers);
  }

  readonly refuse = (queued: QueuedWrite | QueuedTransaction, error: PacelineError): void => {
    const { code, message } = error;
    const refusal = { error: { code, message } };
    if (!isTransaction(queued)) return this.#answer(queued, refusal);
    const { from, name, key } = queued;
    this.#loop.post({ type: 'transaction-answer', from, name, key, answer: refusal });
  };

  takenBack(key: number): void {
    const message = 'the write waited for its turn until its time was up, and was not begun';
    const error = new PacelineError('TIMED_OUT', message).toRecord();
    this.#app.post({ type: 'answer', answer: { key, error } });
  }

  #answer({ from, key }: QueuedWrite, outcome: Outcome): void {
    if (from === 'app') return this.#app.post({ type: 'answer', answer: { key, ...outcome } });
    assert('error' in outcome, 'results for the loop go in packs');
    this.#loop.post({ type: 'forwarded-error', key, ...outcome });
  }
}
