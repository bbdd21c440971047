import { isRead, type Operation, objectKind } from './operation.ts';

/**
 * The operations of one object without those of unknown outcome that no order needs: an append that nobody
 * saw (once it happens, everyone sees it), and a register's value that nobody saw or compared with. Of
 * the latter one may be needed before each refused cas, to explain why it found another value; those
 * called first can serve wherever a later one could. Without this the search would try every subset.
 */
export function withoutNeedless(operations: readonly Operation[]): readonly Operation[] {
  const named = namedValues(operations);
  let spare = operations.filter(({ action, outcome }) => {
    return action.kind === 'cas' && outcome.kind === 'ok' && outcome.observed === false;
  }).length;
  return operations.filter(({ action, outcome }) => {
    if (outcome.kind !== 'unknown') return true;
    if (action.kind === 'append') return named.has(action.value);
    return action.kind !== 'write' || named.has(action.value) || spare-- > 0;
  });
}

/** Values that an answer shows, or that a cas expects. */
function namedValues(operations: readonly Operation[]): Set<number> {
  const named = new Set<number>();
  for (const { action, outcome } of operations) {
    if (action.kind === 'cas') named.add(action.expected);
    if (outcome.kind !== 'ok') continue;
    const shown = isRead(action) ? outcome.observed : outcome.before;
    if (objectKind(action) === 'bank' || shown === undefined || shown === null) continue;
    for (const value of Array.isArray(shown) ? shown : [shown]) named.add(value);
  }
  return named;
}
