import { unreachable } from '../../src/base/assert.ts';
import type { Action, ObjectKind, Observed, Outcome } from './operation.ts';

/** How an object behaves when operations happen one after the other. A state is plain text. */
export interface Model {
  readonly initial: string;
  /**
   * The state after the operation; null if it cannot have been answered so in this state. With an unknown
   * outcome: the state if it takes effect; null if in this state it has none.
   */
  step(state: string, action: Action, outcome: Outcome): string | null;
}

/** What every bank starts with. */
export interface BankStart {
  readonly accounts: number;
  readonly balance: number;
}

const REGISTER: Model = {
  initial: '',
  step(state, action, outcome) {
    const observed = outcome.kind === 'ok' ? outcome.observed : undefined;
    if (action.kind === 'write') return String(action.value);
    if (action.kind === 'read') return String(observed ?? '') === state ? state : null;
    if (action.kind !== 'cas') return null;
    const matches = state === String(action.expected);
    if (observed === false) return matches ? null : state;
    return matches ? String(action.value) : null;
  },
};

const LIST: Model = {
  initial: '',
  step(state, action, outcome) {
    if (action.kind === 'append')
      return state === '' ? String(action.value) : `${state} ${action.value}`;
    if (action.kind !== 'list' || outcome.kind !== 'ok') return null;
    return listState(outcome.observed as readonly number[]) === state ? state : null;
  },
};

function listState(values: readonly number[]): string {
  return values.join(' ');
}

function bank({ accounts, balance }: BankStart): Model {
  return {
    initial: listState(new Array<number>(accounts).fill(balance)),
    step(state, action, outcome) {
      const observed = outcome.kind === 'ok' ? outcome.observed : undefined;
      if (action.kind === 'balances')
        return listState(observed as readonly number[]) === state ? state : null;
      if (action.kind !== 'transfer') return null;
      const balances = state.split(' ').map(Number);
      const covered = balances[action.from]! >= action.amount;
      if (observed === false) return covered ? null : state;
      if (!covered) return null;
      balances[action.from]! -= action.amount;
      balances[action.to]! += action.amount;
      return listState(balances);
    },
  };
}

export function modelOf(kind: ObjectKind, start: BankStart): Model {
  const { initial, step } = plainModelOf(kind, start);
  return {
    initial,
    step(state, action, outcome) {
      const before = outcome.kind === 'ok' ? outcome.before : undefined;
      return before === undefined || stateShown(before) === state
        ? step(state, action, outcome)
        : null;
    },
  };
}

/** The state that a read shows so. */
function stateShown(observed: Observed): string {
  return Array.isArray(observed) ? listState(observed) : String(observed ?? '');
}

function plainModelOf(kind: ObjectKind, start: BankStart): Model {
  switch (kind) {
    case 'register':
      return REGISTER;
    case 'list':
      return LIST;
    case 'bank':
      return bank(start);
    default:
      return unreachable(kind);
  }
}
