import { modelOf } from '../../proof/history/model.ts';
import {
  type Action,
  isRead,
  type Operation,
  type Outcome,
  objectKind,
  objectOf,
} from '../../proof/history/operation.ts';
import { Workload, type WorkloadOptions } from '../../proof/workload/workload.ts';
import { must } from '../../src/base/assert.ts';
import { Prng } from '../../src/base/prng.ts';

export interface HistoryOptions {
  readonly operations: number;
  readonly workload: Partial<WorkloadOptions>;
  /** How far call and return lie from the moment at which it happens, in units of one operation. */
  readonly spread: number;
  /** Share of writes whose outcome nobody learns; half of them happen. */
  readonly unknown: number;
  readonly positions: boolean;
}

export const BANK = { accounts: 3, balance: 10 };

/** What each operation of a run, one after the other, is answered, with states by the models. */
class Sequence {
  readonly #states = new Map<string, string>();

  run(action: Action): Outcome {
    const model = modelOf(objectKind(action), BANK);
    const object = objectOf(action);
    const state = this.#states.get(object) ?? model.initial;
    const outcome = answer(state, action);
    const after = model.step(state, action, outcome);
    this.#states.set(object, must(after, 'an answer that fits'));
    return outcome;
  }
}

/** The answer to an action in a state, by the models' notation of states. */
export function answer(state: string, action: Action): Outcome {
  const values = state === '' ? [] : state.split(' ').map(Number);
  switch (action.kind) {
    case 'read':
      return { kind: 'ok', observed: values[0] ?? null };
    case 'list':
    case 'balances':
      return { kind: 'ok', observed: values };
    case 'cas':
      return { kind: 'ok', observed: values[0] === action.expected };
    case 'transfer':
      return { kind: 'ok', observed: values[action.from]! >= action.amount };
    default:
      return { kind: 'ok', observed: null };
  }
}

/** A history that is linearizable because it was made from a sequence by widening its moments. */
export function randomHistory(seed: number, options: HistoryOptions): Operation[] {
  const prng = new Prng(seed);
  const workload = new Workload(seed, { ...BANK, ...options.workload });
  const sequence = new Sequence();
  const operations: Operation[] = [];
  for (let i = 1; i <= options.operations; i++) {
    const action = workload.next();
    const unknown = !isRead(action) && prng.chance(options.unknown);
    const happens = !unknown || prng.chance(0.5);
    const outcome = happens ? sequence.run(action) : null;
    if (outcome !== null && !unknown) workload.saw(action, outcome);
    operations.push(widen(i, action, unknown ? { kind: 'unknown' } : outcome!));
  }
  return operations.sort((a, b) => a.called - b.called);

  function widen(moment: number, action: Action, outcome: Outcome): Operation {
    const early = (prng.next() / 2 ** 32) * options.spread;
    const late = (prng.next() / 2 ** 32) * options.spread;
    const answered = outcome.kind === 'ok';
    return {
      client: moment,
      action,
      called: moment - early,
      returned: answered ? moment + late : null,
      outcome,
      level: isRead(action) ? 'strong' : null,
      position:
        options.positions && answered && !isRead(action) ? { term: 1, index: moment } : null,
    };
  }
}
