import type { Durability } from '../../src/api/durability.ts';
import type { ReadLevel } from '../history/operation.ts';
import type { LostCounts } from './cluster-run.ts';
import type { FaultKind } from './schedule.ts';

/** The line of JSON that a run ends with. */
export interface Report {
  readonly seed: number;
  readonly minutes: number;
  /** Members of each cluster. */
  readonly clusters: readonly number[];
  /** What members of each were told to ask for at first, for writes that ask for nothing. */
  readonly default_durabilities: readonly Durability[];
  readonly operations: number;
  /** Writes by what their clients were told. */
  readonly acknowledged: number;
  readonly unknown: number;
  readonly rejected: number;
  /** Answered reads by level. */
  readonly reads: Readonly<Record<ReadLevel, number>>;
  /** Acknowledged writes by the durability that they asked for. */
  readonly durabilities: Readonly<
    Record<'default' | 'local' | 'quorum' | 'all' | 'number' | 'names', number>
  >;
  /** What applications did on the handle of the member that they embed, by the way. */
  readonly applications: Readonly<Record<string, number>>;
  /** Reads that were given another session's token. */
  readonly tokens_given: number;
  /** Writes that were acknowledged below a majority, and discarded. */
  readonly lost: LostCounts;
  /** Databases that members fetched from others. */
  readonly databases_fetched: number;
  readonly faults: Readonly<Record<FaultKind, number>>;
  /** Kinds of faults that could not be done here, with the reason. */
  readonly skipped: Readonly<Partial<Record<FaultKind, string>>>;
  /** From taking a leader away to the first acknowledgement of a write called after that. */
  readonly failovers_ms: readonly number[];
  /** Errors that clients met, by code. */
  readonly errors: Readonly<Record<string, number>>;
  readonly violations: readonly string[];
  /** Where the files and histories of a run with violations are; null when there were none. */
  readonly kept: string | null;
}
