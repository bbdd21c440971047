import { explain, type Judge } from './explain.ts';
import type { Finding } from './finding.ts';
import { orderList } from './list-order.ts';
import { type BankStart, modelOf } from './model.ts';
import { type History, type Operation, objectKind, objectOf } from './operation.ts';
import { searchOrder } from './search.ts';

export interface LinearizabilityOptions {
  /**
   * How many configurations the search may visit per object. Each costs a few hundred bytes: half a
   * million is what a test machine has to spare.
   */
  readonly configurationsMax: number;
  readonly bank: BankStart;
}

export const LINEARIZABILITY_DEFAULTS: LinearizabilityOptions = {
  configurationsMax: 500_000,
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
  let configurations = 0;
  let operations = 0;
  for (const [object, part] of objects) {
    operations += part.length;
    const kind = objectKind(part[0]!.action);
    const model = modelOf(kind, bank);
    const judge: Judge = (some) => {
      const direct = kind === 'list' ? orderList(some) : null;
      if (direct !== null) return direct;
      const found = searchOrder(some, model, configurationsMax);
      configurations += found.configurations;
      return found.kind;
    };
    const order = judge(part);
    if (order === 'undecided') undecided.push(object);
    if (order !== 'impossible') continue;
    const broken = `linearizable (${object})`;
    const violation = { broken, explanation: explain(part, judge) };
    return { violation, undecided, objects: objects.size, operations, configurations };
  }
  return { violation: null, undecided, objects: objects.size, operations, configurations };
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
