import { explain, impossiblePrefix, type Judge } from './explain.ts';
import type { Finding } from './finding.ts';
import { orderList } from './list-order.ts';
import { type BankStart, type Model, modelOf } from './model.ts';
import { type History, type Operation, objectKind, objectOf } from './operation.ts';
import { type Found, searchOrder } from './search.ts';

export interface LinearizabilityOptions {
  /**
   * How many configurations one search may visit. Each costs some 10 us and a few hundred bytes; histories
   * that can be ordered rarely need more than a few per operation.
   */
  readonly configurationsMax: number;
  readonly bank: BankStart;
}

export const LINEARIZABILITY_DEFAULTS: LinearizabilityOptions = {
  configurationsMax: 200_000,
  bank: { accounts: 4, balance: 20 },
};

/** The history is linearizable if `violation` is null and `undecided` is empty, and only then. */
export interface Linearizability {
  readonly violation: Finding | null;
  /** Objects on which the search gave up at its bound: nothing is proved about them. */
  readonly undecided: readonly string[];
  readonly objects: number;
  /** Operations that were put in order. */
  readonly operations: number;
  readonly configurations: number;
}

/**
 * Judges the writes and the reads at level `strong`; other reads promise less and are left out. Writes
 * with a position must in addition be in the order of their positions.
 */
export function checkLinearizability(
  history: History,
  options: Partial<LinearizabilityOptions> = {},
): Linearizability {
  const { configurationsMax, bank } = { ...LINEARIZABILITY_DEFAULTS, ...options };
  const objects = partition(history);
  const undecided: string[] = [];
  let violation: Finding | null = null;
  let configurations = 0;
  let operations = 0;
  for (const [object, part] of objects) {
    if (violation !== null) break;
    const order = new Order(modelOf(objectKind(part[0]!.action), bank), configurationsMax);
    const verdict = order.of(part);
    if (verdict !== 'ordered') violation = explained(object, part, order);
    if (verdict !== 'ordered' && violation === null) undecided.push(object);
    operations += part.length;
    configurations += order.configurations;
  }
  return { violation, undecided, objects: objects.size, operations, configurations };
}

/** Null if no part of it is known to be impossible. */
function explained(object: string, part: readonly Operation[], order: Order): Finding | null {
  const prefix = impossiblePrefix(part, order.of);
  if (prefix === null) return null;
  // Making it shorter may cost as much as one search; then it stays as long as it is.
  const explanation = explain(prefix, order.withBudget());
  return { check: 'linearizable', broken: `linearizable (${object})`, explanation };
}

/** Decides about operations of one object, and counts what that costs. */
class Order {
  readonly #model: Model;
  readonly #configurationsMax: number;
  configurations = 0;

  constructor(model: Model, configurationsMax: number) {
    this.#model = model;
    this.#configurationsMax = configurationsMax;
  }

  /** Gives up when an order takes more than its bound. */
  readonly of: Judge = (operations) => this.#order(operations, this.#configurationsMax);

  /** Gives up when all orders together take more than the bound. */
  withBudget(): Judge {
    const end = this.configurations + this.#configurationsMax;
    return (operations) => this.#order(operations, Math.max(0, end - this.configurations));
  }

  #order(operations: readonly Operation[], configurationsMax: number): Found['kind'] {
    const direct = operations[0] === undefined ? 'ordered' : orderList(operations);
    if (direct !== null) return direct;
    const found = searchOrder(operations, this.#model, configurationsMax);
    this.configurations += found.configurations;
    return found.kind;
  }
}

/** What is to be ordered of each object, by the time of the call. */
function partition(history: History): Map<string, Operation[]> {
  const objects = new Map<string, Operation[]>();
  for (const operation of history) {
    const { outcome, level, action } = operation;
    const unanswered = level !== null && outcome.kind === 'unknown';
    const weak = level !== null && level !== 'strong';
    if (outcome.kind === 'rejected' || unanswered || weak) continue;
    const object = objectOf(action);
    const part = objects.get(object);
    if (part === undefined) objects.set(object, [operation]);
    else part.push(operation);
  }
  for (const part of objects.values()) part.sort((a, b) => a.called - b.called);
  return objects;
}
