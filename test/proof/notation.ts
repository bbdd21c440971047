import type { Action, Observed, Operation, ReadLevel } from '../../proof/history/operation.ts';
import { isRead } from '../../proof/history/operation.ts';

interface Details {
  readonly client?: number;
  readonly level?: ReadLevel;
  /** Of the position; its term is 1. */
  readonly index?: number;
  readonly term?: number;
}

/** An answered operation, called and returned at these times. */
export function done(
  [called, returned]: readonly [number, number],
  action: Action,
  observed: Observed = null,
  { client = called, level = 'strong', index, term = 1 }: Details = {},
): Operation {
  return {
    client,
    action,
    called,
    returned,
    outcome: { kind: 'ok', observed },
    level: isRead(action) ? level : null,
    position: index === undefined ? null : { term, index },
  };
}

/** A write whose answer never came. */
export function lost(called: number, action: Action, client = called): Operation {
  const outcome = { kind: 'unknown' } as const;
  return { client, action, called, returned: null, outcome, level: null, position: null };
}

export function refused(called: number, action: Action, client = called): Operation {
  const outcome = { kind: 'rejected' } as const;
  return { client, action, called, returned: called + 1, outcome, level: null, position: null };
}

export const write = (value: number, key = 0): Action => ({ kind: 'write', key, value });
export const read = (key = 0): Action => ({ kind: 'read', key });
export const cas = (expected: number, value: number): Action => {
  return { kind: 'cas', key: 0, expected, value };
};
export const append = (value: number, key = 0): Action => ({ kind: 'append', key, value });
export const list = (key = 0): Action => ({ kind: 'list', key });
export const transfer = (from: number, to: number, amount: number): Action => {
  return { kind: 'transfer', bank: 0, from, to, amount };
};
export const balances: Action = { kind: 'balances', bank: 0 };
