import type { PacelineError } from '../base/errors.ts';
import type { BatchRun, Outcome, Write } from './executor.ts';

/** SQLite has undone the whole commit, and it is not to be tried again. */
export function refuseAll(writes: readonly Write[], error: PacelineError): BatchRun {
  return { outcomes: writes.map((): Outcome => ({ error: error.toRecord() })), wrote: false };
}
