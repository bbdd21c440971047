import { assert } from '../../src/base/assert.ts';
import type { Context, Feature } from './context.ts';
import { BATCH_FEATURES } from './features/batches.ts';
import { CHANCE_FEATURES } from './features/chance.ts';
import { CONSTRAINT_FEATURES } from './features/constraints.ts';
import { EDGE_FEATURES } from './features/edges.ts';
import { ERROR_FEATURES } from './features/errors.ts';
import { FOREIGN_KEY_FEATURES } from './features/foreign-keys.ts';
import { FULL_TEXT_FEATURES } from './features/full-text.ts';
import { SCHEMA_FEATURES } from './features/indexes.ts';
import { PRAGMA_FEATURES } from './features/pragmas.ts';
import { QUERY_FEATURES } from './features/queries.ts';
import { RECOMPILED_FEATURES } from './features/recompiled.ts';
import { REFUSAL_FEATURES } from './features/refusals.ts';
import { ROW_FEATURES } from './features/rows.ts';
import { TABLE_FEATURES } from './features/tables.ts';
import { TRANSACTION_FEATURES } from './features/transactions.ts';
import { TRIGGER_FEATURES } from './features/triggers.ts';
import { VIRTUAL_FEATURES } from './features/virtual.ts';
import type { Step } from './step.ts';

export const FEATURES: readonly Feature[] = [
  ...TABLE_FEATURES,
  ...SCHEMA_FEATURES,
  ...ROW_FEATURES,
  ...FOREIGN_KEY_FEATURES,
  ...VIRTUAL_FEATURES,
  ...FULL_TEXT_FEATURES,
  ...CONSTRAINT_FEATURES,
  ...RECOMPILED_FEATURES,
  ...TRIGGER_FEATURES,
  ...EDGE_FEATURES,
  ...TRANSACTION_FEATURES,
  ...QUERY_FEATURES,
  ...PRAGMA_FEATURES,
  ...BATCH_FEATURES,
  ...CHANCE_FEATURES,
  ...ERROR_FEATURES,
  ...REFUSAL_FEATURES,
];

/** Features that cannot be done now are passed over; so many in a row mean that something is wrong here. */
const TRIES_MAX = 1000;

/**
 * The steps of one seed. Once in five it takes a feature by weight, else one of those that were done least, so that a run of a few
 * hundred steps meets all of them.
 */
export class Generator {
  readonly #context: Context;
  readonly #done = new Map<Feature, number>(FEATURES.map((feature) => [feature, 0]));
  readonly #weighted: readonly Feature[];

  constructor(context: Context) {
    this.#context = context;
    this.#weighted = FEATURES.flatMap((feature) =>
      Array<Feature>(feature.weight ?? 1).fill(feature),
    );
  }

  next(): Step {
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const feature = this.#context.chance(0.2)
        ? this.#context.pick(this.#weighted)
        : this.#rarest();
      const draft = feature.make(this.#context);
      if (draft === null) continue;
      this.#done.set(feature, this.#done.get(feature)! + 1);
      return { ...draft, feature: feature.name };
    }
    assert(false, `no feature can be done, ${TRIES_MAX} times`);
  }

  #rarest(): Feature {
    // Those that cannot be done yet must not keep the next ones out.
    const most = Math.min(...this.#done.values()) + (this.#context.chance(0.1) ? 1 : 0);
    const rare = FEATURES.filter((feature) => this.#done.get(feature)! <= most);
    return this.#context.pick(rare);
  }
}
