import { asPacelineError, PacelineError } from '../base/errors.ts';
import type { Clock } from './clock.ts';
import type { ReadWaits } from './read-waits.ts';
import type { SharedState } from './shared-state.ts';

/** For the leader's answer, which comes within a tick and a round trip where all is well; else status tells an older age. */
const FRESH_WAIT_MS = 50;

export interface StatusAgeParts {
  readonly shared: SharedState;
  readonly waits: ReadWaits;
  readonly clock: Clock;
}

/** `Status.copyAgeMs`. Never throws for want of an answer: a member that nobody confirms must be able to say so. */
export async function statusAge({ shared, waits, clock }: StatusAgeParts): Promise<number | null> {
  const startMs = clock.now();
  const isFresh = () => {
    const ageMs = shared.ageMs(startMs);
    const fresh = ageMs !== null && ageMs <= 0;
    shared.wantAge(!fresh);
    return fresh;
  };
  const limits = { deadlineMs: startMs + FRESH_WAIT_MS, signal: null };
  try {
    await waits.until(isFresh, limits, () => new PacelineError('LAGGING', 'not confirmed in time'));
  } catch (error) {
    const { code } = asPacelineError(error);
    if (code !== 'LAGGING' && code !== 'OVERLOADED') throw error;
  }
  const ageMs = shared.ageMs(clock.now());
  return ageMs === null ? null : Math.max(0, ageMs);
}
