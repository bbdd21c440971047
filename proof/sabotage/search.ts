import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { FaultKind } from '../simulator/plan.ts';
import type { Sabotage } from './sabotage.ts';

/** What a child is told to do. */
export interface Order {
  /** Null: the product as it is. */
  readonly sabotage: Sabotage | null;
  readonly firstSeed: number;
  readonly seeds: number;
  /** In place of those that a seed decides on. */
  readonly faults: readonly FaultKind[] | null;
  /** With such faults: whether leaders hold leases. */
  readonly leases: boolean;
  /** With such faults: whether clients run functions as transactions, hold states, and load. */
  readonly calls: boolean;
  /** With such faults: whether members keep little of the log. */
  readonly shortLogs: boolean;
  /** With such faults: whether handles have many writes under way. */
  readonly busy: boolean;
  /** With such faults: whether members have SQLite. */
  readonly realSqlite: boolean;
}

/** The run that noticed. */
export interface Caught {
  readonly seed: number;
  readonly invariant: string;
  readonly message: string;
}

export interface Search {
  /** Null: no run noticed anything. */
  readonly caught: Caught | null;
  /** Runs that were made. */
  readonly seeds: number;
}

/** A child that runs longer than this is stuck. */
const CHILD_MS_MAX = 600_000;
/** So much of what it says is kept. */
const SAID_CHARS_MAX = 2000;

/** Runs one seed after the other in a process of its own. Throws if that comes to no result. */
export function searchSeeds(order: Order): Promise<Search> {
  const file = fileURLToPath(new URL('./one.js', import.meta.url));
  const child = fork(file, [JSON.stringify(order)], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    timeout: CHILD_MS_MAX,
  });
  let said = '';
  let found: Search | null = null;
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(0, SAID_CHARS_MAX);
  });
  child.on('message', (message) => {
    found = message as Search;
  });
  return new Promise((resolve, reject) => {
    child.on('close', (status, signal) => {
      if (found !== null) resolve(found);
      else reject(new Error(`the child ended with ${signal ?? status}: ${said}`));
    });
  });
}
