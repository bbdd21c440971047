import type { Model } from './model.ts';
import { withoutNeedless } from './needless.ts';
import { isRead, type Operation } from './operation.ts';
import { Unplaced } from './unplaced.ts';

export type Found =
  | { readonly kind: 'ordered'; readonly configurations: number }
  | { readonly kind: 'impossible'; readonly configurations: number }
  /** The bound was reached first: nothing is known. */
  | { readonly kind: 'undecided'; readonly configurations: number };

interface Choice {
  /** The operation that led here; -1 at the start. */
  readonly via: number;
  readonly state: string;
  readonly candidates: readonly number[];
  tried: number;
}

/**
 * Looks for an order of one object's operations that the model allows and that respects real time: Wing
 * and Gong's search ("Testing and verifying concurrent objects", 1993) with Lowe's memory of the
 * configurations (placed operations and state) from which it is known to fail ("Testing for
 * linearizability", 2017). `all` in the order of their calls, none rejected.
 */
export function searchOrder(
  all: readonly Operation[],
  model: Model,
  configurationsMax: number,
): Found {
  const operations = withoutNeedless(all);
  const unplaced = new Unplaced(operations);
  const visited = new Set<string>();
  const path: Choice[] = [choose(-1, model.initial)];

  function choose(via: number, state: string): Choice {
    const candidates = narrow(unplaced.candidates(), operations, model, state);
    return { via, state, candidates, tried: 0 };
  }

  function retreat(): void {
    const { via } = path.pop()!;
    if (via >= 0) unplaced.takeBack(via);
  }

  while (unplaced.answered > 0) {
    const choice = path.at(-1);
    if (choice === undefined) return { kind: 'impossible', configurations: visited.size };
    const i = choice.candidates[choice.tried++];
    if (i === undefined) {
      retreat();
      continue;
    }
    const { action, outcome } = operations[i]!;
    const state = model.step(choice.state, action, outcome);
    if (state === null) continue;
    unplaced.place(i);
    const configuration = `${unplaced.key()}|${state}`;
    if (visited.has(configuration)) {
      unplaced.takeBack(i);
      continue;
    }
    if (visited.size >= configurationsMax)
      return { kind: 'undecided', configurations: visited.size };
    visited.add(configuration);
    path.push(choose(i, state));
  }
  return { kind: 'ordered', configurations: visited.size };
}

/**
 * An operation that changes nothing and fits the state may be placed at once: in any order that begins
 * like this one it can be moved here. Then nothing else needs to be tried.
 */
function narrow(
  candidates: readonly number[],
  operations: readonly Operation[],
  model: Model,
  state: string,
): readonly number[] {
  const fits = candidates.find((i) => {
    const { action, outcome } = operations[i]!;
    const changesNothing = outcome.kind === 'ok' && (isRead(action) || outcome.observed === false);
    return changesNothing && model.step(state, action, outcome) !== null;
  });
  return fits === undefined ? candidates : [fits];
}
