import type { CallKind } from './calls-done.ts';
import type { FaultKind, Plan } from './plan.ts';

export interface Failure {
  readonly invariant: string;
  readonly message: string;
  readonly lines: readonly string[];
}

/** What was done, and what that took of this process. */
export interface Work {
  readonly memberSeconds: number;
  readonly cpuSeconds: number;
  readonly steps: number;
  readonly operations: number;
}

export interface RunResult extends Work {
  readonly seed: number;
  readonly plan: Plan;
  readonly failure: Failure | null;
  /** Of the whole trace. */
  readonly hash: string;
  /** Of it, in the calm stretch. */
  readonly calm: Work;
  readonly elections: number;
  readonly entries: number;
  readonly faults: ReadonlyMap<FaultKind, number>;
  readonly calls: ReadonlyMap<CallKind, number>;
  /** What the nemesis did. */
  readonly events: number;
  /** When it was over, or failed. */
  readonly endedMs: number;
  /** Objects whose history could not be judged within the bound. */
  readonly undecided: number;
}
