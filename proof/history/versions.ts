import type { History, Operation } from './operation.ts';
import { isRead, objectOf } from './operation.ts';

/** The writes and appends that were asked for, by value. Values are unique, whatever the object. */
export function writesByValue(history: History): Map<number, Operation> {
  const writes = new Map<number, Operation>();
  for (const operation of history)
    if ('value' in operation.action) writes.set(operation.action.value, operation);
  return writes;
}

/** The values that an answer shows: of a register one or none, of a list all. */
export function valuesSeen({ action, outcome }: Operation): readonly number[] {
  if (outcome.kind !== 'ok') return [];
  if (action.kind === 'list') return outcome.observed as readonly number[];
  return action.kind === 'read' && outcome.observed !== null ? [outcome.observed as number] : [];
}

/** The acknowledged writes of each object that changed it, in the order of their positions as far as known. */
export function acknowledgedByObject(history: History): Map<string, Operation[]> {
  const objects = new Map<string, Operation[]>();
  for (const operation of history) {
    const { action, outcome } = operation;
    if (isRead(action) || outcome.kind !== 'ok' || outcome.observed === false) continue;
    const object = objectOf(action);
    const writes = objects.get(object);
    if (writes === undefined) objects.set(object, [operation]);
    else writes.push(operation);
  }
  for (const writes of objects.values()) writes.sort((a, b) => indexOf(a) - indexOf(b));
  return objects;
}

/** 0 when the answer did not say. */
export function indexOf({ position }: Operation): number {
  return position?.index ?? 0;
}

/** Of `writes`, which a read's object has, one up to `index` that the read does not show. */
export function missedWrite(
  read: Operation,
  writes: readonly Operation[],
  index: number,
  byValue: ReadonlyMap<number, Operation>,
): Operation | null {
  const due = writes.filter((write) => indexOf(write) > 0 && indexOf(write) <= index);
  const seen = valuesSeen(read);
  if (read.action.kind === 'list') {
    const shown = new Set(seen);
    return due.find(({ action }) => 'value' in action && !shown.has(action.value)) ?? null;
  }
  const last = due.at(-1);
  if (read.action.kind !== 'read' || last === undefined) return null;
  if (seen.length === 0) return last;
  const shown = byValue.get(seen[0]!);
  // The value of an unanswered write: nothing tells how old it is.
  if (shown === undefined || shown.position === null) return null;
  return indexOf(shown) < indexOf(last) ? last : null;
}
