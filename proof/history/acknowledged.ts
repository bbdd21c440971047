import { describeOperation } from './describe.ts';
import type { Finding } from './finding.ts';
import { type History, type Operation, objectOf } from './operation.ts';
import { acknowledgedByObject, indexOf, valuesSeen, writesByValue } from './versions.ts';

/**
 * Compares what clients were told with the final state, given as answered reads of every object: each
 * acknowledged append is there once (I4, I9), one with an unknown outcome at most once, a rejected one
 * never (I10), all in the order of their positions; a register holds no older value than that of its last
 * acknowledged write. Balances are judged by the order of all transfers, not here.
 */
export function checkAcknowledged(history: History, final: History): Finding[] {
  const writes = writesByValue(history);
  const acknowledged = acknowledgedByObject(history);
  return final.flatMap((read) => {
    const due = acknowledged.get(objectOf(read.action)) ?? [];
    if (read.action.kind === 'list')
      return [...unexpected(read, writes), ...missing(read, due), ...disordered(read, writes)];
    if (read.action.kind === 'read')
      return [...unexpected(read, writes), ...outdated(read, due, writes)];
    return [];
  });
}

function unexpected(read: Operation, writes: ReadonlyMap<number, Operation>): Finding[] {
  const counts = new Map<number, number>();
  for (const value of valuesSeen(read)) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].flatMap(([value, count]) => {
    const write = writes.get(value);
    if (write === undefined || objectOf(write.action) !== objectOf(read.action))
      return [finding('I10', `value ${value} is there, which nobody wrote`, read)];
    const { outcome } = write;
    if (outcome.kind === 'rejected')
      return [finding('I10', 'a rejected write is there', read, write)];
    if (outcome.kind === 'ok' && outcome.observed === false)
      return [finding('I10', 'a write that had no effect is there', read, write)];
    return count > 1 ? [finding('I9', `a write is there ${count} times`, read, write)] : [];
  });
}

function missing(read: Operation, due: readonly Operation[]): Finding[] {
  const there = new Set(valuesSeen(read));
  return due
    .filter(({ action }) => 'value' in action && !there.has(action.value))
    .map((write) => finding('I4', 'an acknowledged write is lost', read, write));
}

function disordered(read: Operation, writes: ReadonlyMap<number, Operation>): Finding[] {
  let last: Operation | null = null;
  for (const value of valuesSeen(read)) {
    const write = writes.get(value);
    if (write === undefined || write.position === null) continue;
    if (last !== null && indexOf(write) < indexOf(last))
      return [finding('I6', 'writes are not in the order of their positions', read, last, write)];
    last = write;
  }
  return [];
}

function outdated(
  read: Operation,
  due: readonly Operation[],
  writes: ReadonlyMap<number, Operation>,
): Finding[] {
  const last = due.at(-1);
  if (last === undefined || last.position === null) return [];
  const [value] = valuesSeen(read);
  const shown = value === undefined ? undefined : writes.get(value);
  const unknownAge = shown !== undefined && shown.position === null;
  if (unknownAge || (shown !== undefined && indexOf(shown) >= indexOf(last))) return [];
  return [finding('I4', 'an acknowledged write is lost', read, last)];
}

function finding(check: string, what: string, read: Operation, ...writes: Operation[]): Finding {
  const explanation = [...writes, read].map(describeOperation);
  return { check, broken: `${check}: ${what} (${objectOf(read.action)})`, explanation };
}
