import { describeOperation } from './describe.ts';
import { isRead, mayHaveEffect, type Operation } from './operation.ts';
import type { Found } from './search.ts';

/** Longer explanations are cut: nobody reads them. */
const LINES_MAX = 30;

/** What is known about the order of some operations of one object. */
export type Judge = (operations: readonly Operation[]) => Found['kind'];

/**
 * A small part of a history that cannot be put in order: `prefix`, which is impossible by `judge`, without
 * the reads and writes that are not needed to see it.
 */
export function explain(prefix: readonly Operation[], judge: Judge): string[] {
  const needed = withoutUnneeded(prefix, judge);
  const lines = needed.slice(-LINES_MAX).map(describeOperation);
  const hidden = needed.length - lines.length;
  return [
    `${needed.length} of ${prefix.length} operations that no order explains:`,
    ...(hidden > 0 ? [`(${hidden} before these)`] : []),
    ...lines,
  ];
}

/** The history as it was at `time`: what had not returned may or may not have happened. */
function upTo(operations: readonly Operation[], time: number): Operation[] {
  return operations.flatMap((operation): Operation[] => {
    if (operation.called > time) return [];
    if (operation.returned === null || operation.returned <= time) return [operation];
    return isRead(operation.action) ? [] : [open(operation)];
  });
}

function open(operation: Operation): Operation {
  return { ...operation, returned: null, outcome: { kind: 'unknown' }, position: null };
}

/**
 * The operations up to an answer from which on no order is possible; null if none is found. Once it is
 * impossible it stays so, whatever follows; so this also finds what is wrong where the whole is too long
 * to be decided.
 */
export function impossiblePrefix(
  operations: readonly Operation[],
  judge: Judge,
): readonly Operation[] | null {
  const times = operations.flatMap(({ returned }) => (returned === null ? [] : [returned]));
  times.sort((a, b) => a - b);
  let found: readonly Operation[] | null = null;
  let low = 0;
  let high = times.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const prefix = upTo(operations, times[middle]!);
    const order = judge(prefix);
    if (order === 'impossible') found = prefix;
    if (order === 'ordered') low = middle + 1;
    else high = middle - 1;
  }
  return found;
}

/** Leaving an operation out is tried only this far: each attempt is a search of its own. */
const ATTEMPTS_MAX = 300;

function withoutUnneeded(operations: readonly Operation[], judge: Judge): readonly Operation[] {
  let kept = operations;
  let attempts = 0;
  // A write may become needless when a read behind it goes: once more from the start, until nothing does.
  for (let before = 0; before !== kept.length && attempts < ATTEMPTS_MAX; ) {
    before = kept.length;
    for (let i = 0; i < kept.length && attempts < ATTEMPTS_MAX; attempts++) {
      const less = withLess(kept, i);
      if (less !== null && judge(less) === 'impossible') kept = less;
      else i++;
    }
  }
  return kept;
}

/**
 * The operations with one constraint less: without what changed nothing, or with the answer of a write
 * forgotten. Either allows more orders, so what is still impossible is so for the same reason. A
 * forgotten write goes when nothing shows it.
 */
function withLess(operations: readonly Operation[], i: number): readonly Operation[] | null {
  const operation = operations[i]!;
  if (!mayHaveEffect(operation)) return operations.toSpliced(i, 1);
  if (operation.outcome.kind === 'ok') return operations.with(i, open(operation));
  return mentioned(operation, operations) ? null : operations.toSpliced(i, 1);
}

/** Whether an answer shows this write, or may depend on it. */
function mentioned(write: Operation, operations: readonly Operation[]): boolean {
  const { action } = write;
  if (action.kind !== 'write' && action.kind !== 'append' && action.kind !== 'cas') return true;
  return operations.some(({ action: other, outcome }) => {
    if (outcome.kind !== 'ok') return false;
    if (other.kind === 'cas') return other.expected === action.value;
    if (other.kind === 'list') return (outcome.observed as number[]).includes(action.value);
    return outcome.observed === action.value;
  });
}
