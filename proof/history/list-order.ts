import { type Operation, objectKind } from './operation.ts';

/**
 * Whether the operations on one list can be put in order, without a search: what was read gives the order
 * of the appends, since every read shows all appends before it. O(n log n) and the lengths of the reads.
 * Null if that is not enough: appends of equal values, or unread ones only some of which have a position;
 * or if these are not operations on a list.
 */
export function orderList(operations: readonly Operation[]): 'ordered' | 'impossible' | null {
  if (operations.some(({ action }) => objectKind(action) !== 'list')) return null;
  const appends = appendsByValue(operations);
  if (appends === null) return null;
  const reads = operations.flatMap((operation): Read[] => {
    const { action, outcome } = operation;
    if (action.kind !== 'list' || outcome.kind !== 'ok') return [];
    return [{ operation, values: outcome.observed as readonly number[] }];
  });
  reads.sort(
    (a, b) => a.values.length - b.values.length || a.operation.called - b.operation.called,
  );
  const shown = [...reads.map(({ values }) => values), ...operations.flatMap(shownByAppend)];
  const longest = shown.reduce((one, other) => (other.length > one.length ? other : one), []);
  const seen = new Set(longest);
  if (seen.size < longest.length || longest.some((value) => !appends.has(value)))
    return 'impossible';
  if (shown.some((values) => values.some((value, i) => value !== longest[i]))) return 'impossible';
  const unseen = [...appends].filter(([value, { outcome }]) => {
    return !seen.has(value) && outcome.kind === 'ok';
  });
  const tail = inOrder(unseen.map(([, operation]) => operation));
  if (tail === null) return null;
  const order = [...interleave(longest, reads, appends), ...tail];
  return respectsTime(order) && respectsPositions(order) ? 'ordered' : 'impossible';
}

interface Read {
  readonly operation: Operation;
  readonly values: readonly number[];
}

/** An append that has read the list before shows what it was right afterwards. */
function shownByAppend({ action, outcome }: Operation): (readonly number[])[] {
  if (action.kind !== 'append' || outcome.kind !== 'ok' || outcome.before === undefined) return [];
  return [[...(outcome.before as readonly number[]), action.value]];
}

function appendsByValue(operations: readonly Operation[]): Map<number, Operation> | null {
  const appends = new Map<number, Operation>();
  for (const operation of operations) {
    if (operation.action.kind !== 'append') continue;
    if (appends.has(operation.action.value)) return null;
    appends.set(operation.action.value, operation);
  }
  return appends;
}

/** Appends that nobody saw: after all reads, among themselves by position or else by call. */
function inOrder(unseen: readonly Operation[]): Operation[] | null {
  const placed = unseen.filter(({ position }) => position !== null);
  if (placed.length > 0 && placed.length < unseen.length) return null;
  const index = ({ position }: Operation) => position?.index ?? 0;
  return [...unseen].sort((a, b) => index(a) - index(b) || a.called - b.called);
}

/** Each append of `longest` in turn, each read behind the last append that it shows. */
function interleave(
  longest: readonly number[],
  reads: readonly Read[],
  appends: ReadonlyMap<number, Operation>,
): Operation[] {
  const order: Operation[] = [];
  let next = 0;
  for (let length = 0; length <= longest.length; length++) {
    if (length > 0) order.push(appends.get(longest[length - 1]!)!);
    while (next < reads.length && reads[next]!.values.length === length)
      order.push(reads[next++]!.operation);
  }
  return order;
}

/** Whether each can happen at a moment between its call and its return, none before its predecessor. */
function respectsTime(order: readonly Operation[]): boolean {
  let now = Number.NEGATIVE_INFINITY;
  for (const { called, returned } of order) {
    now = Math.max(now, called);
    if (returned !== null && returned < now) return false;
  }
  return true;
}

function respectsPositions(order: readonly Operation[]): boolean {
  let last = 0;
  for (const { action, position } of order) {
    if (action.kind !== 'append' || position === null) continue;
    if (position.index < last) return false;
    last = position.index;
  }
  return true;
}
