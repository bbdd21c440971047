import type { PacelineError } from '../base/errors.ts';
import type { EntryId } from '../raft/entry.ts';
import type { BatchRun, Outcome, Write } from './executor.ts';

/** SQLite has undone the whole commit, and it is not to be tried again. */
export function refuseAll(writes: readonly Write[], error: PacelineError): BatchRun {
  return { outcomes: writes.map((): Outcome => ({ error: error.toRecord() })), wrote: false };
}

/** Nothing was committed at `position`, so an answer made for it is true as of `current`. */
export function asOf(outcome: Outcome, position: EntryId, current: EntryId): Outcome {
  if (outcome.position?.index !== position.index) return outcome;
  return { ...outcome, position: current };
}
