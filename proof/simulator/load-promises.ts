import type { Action, History } from '../history/operation.ts';
import { objectOf } from '../history/operation.ts';
import { require } from './violation.ts';

/** Chunks of a load are transactions: a list shows all of one, in its order and together, or nothing of it (I6). */
export class LoadPromises {
  readonly #chunks = new Map<string, (readonly number[])[]>();

  chunk(action: Action, values: readonly number[]): void {
    const object = objectOf(action);
    const chunks = this.#chunks.get(object);
    if (chunks === undefined) this.#chunks.set(object, [values]);
    else chunks.push(values);
  }

  check(history: History): void {
    for (const { action, outcome } of history) {
      if (action.kind !== 'list' || outcome.kind !== 'ok') continue;
      const shown = outcome.observed as readonly number[];
      const places = new Map(shown.map((value, place) => [value, place]));
      for (const values of this.#chunks.get(objectOf(action)) ?? [])
        this.#checkChunk(places, values, objectOf(action));
    }
  }

  #checkChunk(places: ReadonlyMap<number, number>, values: readonly number[], object: string) {
    const first = places.get(values[0]!);
    const whole = values.every((value, i) => {
      return places.get(value) === (first === undefined ? undefined : first + i);
    });
    require(whole, 'I6 atomic', () => {
      const at = values.map((value) => places.get(value) ?? 'missing');
      return `the items ${values} of one chunk are at ${at} of ${object}`;
    });
  }
}
