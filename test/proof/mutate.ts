import { isRead, type Observed, type Operation } from '../../proof/history/operation.ts';
import type { Prng } from '../../src/base/prng.ts';

/** The history with one answer changed, such as a broken database might give it. It may still be right. */
export function mutate(history: readonly Operation[], prng: Prng): Operation[] {
  const answered = history.flatMap(({ outcome }, i) => (outcome.kind === 'ok' ? [i] : []));
  const reads = answered.filter((i) => isRead(history[i]!.action));
  const from = reads.length > 0 && prng.chance(0.8) ? reads : answered;
  if (from.length === 0) return [...history];
  const i = from[prng.between(0, from.length - 1)]!;
  const operation = history[i]!;
  const { outcome } = operation;
  if (outcome.kind !== 'ok') return [...history];
  const observed = wrong(operation, outcome.observed, history, prng);
  return history.with(i, { ...operation, outcome: { kind: 'ok', observed } });
}

function wrong(
  operation: Operation,
  observed: Observed,
  history: readonly Operation[],
  prng: Prng,
): Observed {
  if (typeof observed === 'boolean') return !observed;
  const others = history.flatMap(({ action, outcome }): Observed[] => {
    return action.kind === operation.action.kind && outcome.kind === 'ok' ? [outcome.observed] : [];
  });
  const stale = others[prng.between(0, others.length - 1)]!;
  if (!Array.isArray(observed) || observed.length < 2) return stale;
  const at = prng.between(0, observed.length - 2);
  const [one, two] = [observed[at]!, observed[at + 1]!];
  switch (prng.between(0, 3)) {
    case 0:
      return stale;
    case 1: // lost
      return observed.toSpliced(at, 1);
    case 2: // twice
      return [...observed, one];
    default: // swapped
      return observed.with(at, two).with(at + 1, one);
  }
}
