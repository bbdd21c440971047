import type { Action, Observed, Operation } from './operation.ts';

function describeObserved(observed: Observed): string {
  if (observed === null) return 'nothing';
  if (Array.isArray(observed)) return `[${observed.join(' ')}]`;
  if (observed === true) return 'done';
  return observed === false ? 'refused' : String(observed);
}

export function describeAction(action: Action): string {
  switch (action.kind) {
    case 'write':
      return `write register ${action.key} := ${action.value}`;
    case 'cas':
      return `cas register ${action.key}: ${action.expected} -> ${action.value}`;
    case 'read':
      return `read register ${action.key}`;
    case 'append':
      return `append to list ${action.key}: ${action.value}`;
    case 'list':
      return `read list ${action.key}`;
    case 'transfer':
      return `transfer in bank ${action.bank}: ${action.amount} from ${action.from} to ${action.to}`;
    case 'balances':
      return `read balances of bank ${action.bank}`;
  }
}

/** An operation on one line. */
export function describeOperation(operation: Operation): string {
  const { client, action, called, returned, outcome, level, position } = operation;
  const answer =
    outcome.kind !== 'ok'
      ? outcome.kind
      : outcome.observed === null && level === null
        ? 'ok'
        : describeObserved(outcome.observed);
  const before = outcome.kind === 'ok' ? outcome.before : undefined;
  const saw = before === undefined ? '' : `, before: ${describeObserved(before)}`;
  const at = position === null ? '' : ` at ${position.term}.${position.index}`;
  const how = level === null ? '' : ` (${level})`;
  const times = `${called}..${returned ?? '?'}`;
  return `${times} client ${client}: ${describeAction(action)}${how} => ${answer}${saw}${at}`;
}
