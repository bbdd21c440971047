import type { FaultKind, Plan, PlanOptions } from '../simulator/plan.ts';

/** One line of the product, as it is and as it must not be. */
export interface Sabotage {
  /** What the product does then. */
  readonly name: string;
  /** The compiled file, from build/, e.g. `src/raft/commit.js`. */
  readonly file: string;
  /** Occurs once in that file. */
  readonly find: string;
  readonly replace: string;
  /** The invariants of the simulator (their names, or how they begin) that are broken by it. */
  readonly breaks: readonly string[];
  /** It must be caught within so many seeds. */
  readonly seedsMax: number;
  /** The faults that bring it to light, where it takes too many seeds to meet enough of them by chance. */
  readonly faults?: readonly FaultKind[];
  /** With those: leaders hold leases. */
  readonly leases?: true;
  /** With those: clients run functions as transactions, hold states, and load. */
  readonly calls?: true;
  /** With those: members keep so little of the log that whoever was away needs a snapshot. */
  readonly shortLogs?: true;
  /** With those: handles with many writes under way, between threads that are slow to hear of each other. */
  readonly busy?: true;
  /** With those: members have SQLite, and a WAL that is emptied often. */
  readonly realSqlite?: true;
  /** With those: at another pace. */
  readonly pace?: Partial<
    Pick<Plan, 'faultEveryMs' | 'faultsMs' | 'clients' | 'restMs' | 'reads' | 'diskMsMax'>
  >;
  /** With those: what members are told beside that. */
  readonly options?: Partial<PlanOptions>;
}

/** The file with the line changed. Throws if it has no such line, or more than one. */
export function sabotaged({ name, file, find, replace }: Sabotage, source: string): string {
  const parts = source.split(find);
  if (parts.length !== 2) {
    const found = `${parts.length - 1} times in ${file}`;
    throw new Error(
      `sabotage "${name}": "${find}" is there ${found}: it must be once; adapt the table`,
    );
  }
  return parts.join(replace);
}
