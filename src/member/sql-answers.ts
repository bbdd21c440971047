import { encodeResults } from '../api/wire.ts';
import { PacelineError } from '../base/errors.ts';
import type { Outcome } from '../sqlite/executor.ts';
import { PlainAnswerLists } from './plain-answers.ts';
import type { Port } from './port.ts';
import type { AppToSql, LoopToSql, SqlAnswer, SqlToApp, SqlToLoop } from './protocol.ts';
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
    const plain = new PlainAnswerLists();
    for (const [i, outcome] of outcomes.entries()) {
      const write = writes[i]!;
      if (write.from !== 'app' || !plain.take(write.key, outcome)) this.#answer(write, outcome);
    }
    for (const answers of plain.lists()) this.#app.post(answers);
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
    if (from === 'app') this.#app.post({ type: 'answer', answer: { key, ...outcome } });
    else this.#loop.post({ type: 'forward-answer', key, answer: sqlAnswer(outcome) });
  }
}

/** An outcome as it travels to the member that asked. */
function sqlAnswer(outcome: Outcome): SqlAnswer {
  if ('error' in outcome) return outcome;
  return { results: encodeResults(outcome.results), position: outcome.position };
}
