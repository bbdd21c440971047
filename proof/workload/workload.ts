import type { Statement } from '../../src/api/request.ts';
import { Prng } from '../../src/base/prng.ts';
import type { Action, ObjectKind, Outcome } from '../history/operation.ts';
import { schemaOf } from './statements.ts';

export interface WorkloadOptions {
  /** The kinds of object that take part. */
  readonly kinds: readonly ObjectKind[];
  /** Objects of a kind in use at a time: fewer means more conflicts. */
  readonly objects: number;
  /**
   * After so many actions an object gives way to a new one. Keeps each history short, which is what the
   * search for an order costs by.
   */
  readonly actionsPerObject: number;
  /** Share of reads among the actions. */
  readonly reads: number;
  /** Banks are made with the schema: when all are used up, the last ones stay in use. */
  readonly banks: number;
  readonly accounts: number;
  readonly balance: number;
}

export const WORKLOAD_DEFAULTS: WorkloadOptions = {
  kinds: ['register', 'list', 'bank'],
  objects: 3,
  actionsPerObject: 120,
  reads: 0.5,
  banks: 24,
  accounts: 4,
  balance: 20,
};

interface ObjectInUse {
  readonly number: number;
  actions: number;
}

/** Decides from a seed what clients do. */
export class Workload {
  readonly options: WorkloadOptions;
  readonly #prng: Prng;
  readonly #inUse: Record<ObjectKind, ObjectInUse[]> = { register: [], list: [], bank: [] };
  readonly #made: Record<ObjectKind, number> = { register: 0, list: 0, bank: 0 };
  /** The last value known of each register: what a cas expects. */
  readonly #lastSeen = new Map<number, number>();
  #nextValue = 1;

  constructor(seed: number, options: Partial<WorkloadOptions> = {}) {
    this.options = { ...WORKLOAD_DEFAULTS, ...options };
    this.#prng = new Prng(seed);
    for (const kind of this.options.kinds)
      for (let i = 0; i < this.options.objects; i++) this.#inUse[kind].push(this.#make(kind));
  }

  /** To be run once, before the first action, as one batch or one by one. */
  schema(): Statement[] {
    return this.options.kinds.flatMap((kind) => schemaOf(kind, this.options));
  }

  next(): Action {
    const { kinds, reads } = this.options;
    const kind = kinds[this.#prng.between(0, kinds.length - 1)]!;
    const number = this.#use(kind);
    return this.#prng.chance(reads) ? readOf(kind, number) : this.#write(kind, number);
  }

  /** The same once more, with a value of its own where it has one. */
  again(action: Action): Action {
    return 'value' in action ? { ...action, value: this.#nextValue++ } : action;
  }

  /** Tells the outcome, so that the next actions can build on it. */
  saw(action: Action, outcome: Outcome): void {
    if (outcome.kind !== 'ok') return;
    const { observed } = outcome;
    if (action.kind === 'read' && typeof observed === 'number')
      this.#lastSeen.set(action.key, observed);
    else if (action.kind === 'write' || (action.kind === 'cas' && observed === true))
      this.#lastSeen.set(action.key, action.value);
  }

  /** Reads of every object that was ever in use. */
  finalReads(): Action[] {
    return this.options.kinds.flatMap((kind) =>
      Array.from({ length: this.#made[kind] }, (_, number) => readOf(kind, number)),
    );
  }

  #make(kind: ObjectKind): ObjectInUse {
    return { number: this.#made[kind]++, actions: 0 };
  }

  #use(kind: ObjectKind): number {
    const inUse = this.#inUse[kind];
    const slot = this.#prng.between(0, inUse.length - 1);
    const spent = inUse[slot]!.actions >= this.options.actionsPerObject;
    if (spent && (kind !== 'bank' || this.#made.bank < this.options.banks))
      inUse[slot] = this.#make(kind);
    inUse[slot]!.actions++;
    return inUse[slot]!.number;
  }

  #write(kind: ObjectKind, number: number): Action {
    if (kind === 'bank') return this.#transfer(number);
    const value = this.#nextValue++;
    if (kind === 'list') return { kind: 'append', key: number, value };
    const expected = this.#lastSeen.get(number);
    if (expected === undefined || this.#prng.chance(0.5))
      return { kind: 'write', key: number, value };
    return { kind: 'cas', key: number, expected, value };
  }

  #transfer(bank: number): Action {
    const { accounts, balance } = this.options;
    const from = this.#prng.between(0, accounts - 1);
    const to = (from + this.#prng.between(1, accounts - 1)) % accounts;
    return { kind: 'transfer', bank, from, to, amount: this.#prng.between(1, balance) };
  }
}

function readOf(kind: ObjectKind, number: number): Action {
  if (kind === 'register') return { kind: 'read', key: number };
  return kind === 'list' ? { kind: 'list', key: number } : { kind: 'balances', bank: number };
}
