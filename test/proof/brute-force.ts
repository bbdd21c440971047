import type { Model } from '../../proof/history/model.ts';
import type { Operation } from '../../proof/history/operation.ts';

/**
 * Whether any order of all answered operations and some of the unanswered ones is allowed by the model and
 * by real time. Tries all of them: for a handful of operations.
 */
export function hasOrder(operations: readonly Operation[], model: Model): boolean {
  return extend(model.initial, operations);

  function extend(state: string, rest: readonly Operation[]): boolean {
    if (rest.every(({ outcome }) => outcome.kind === 'unknown')) return true;
    return rest.some((operation, i) => {
      const others = rest.toSpliced(i, 1);
      const isPreceded = others.some(
        ({ returned }) => returned !== null && returned < operation.called,
      );
      if (isPreceded) return false;
      const after = model.step(state, operation.action, operation.outcome);
      return after !== null && extend(after, others);
    });
  }
}
