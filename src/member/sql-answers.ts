import { encodeResults } from '../api/wire.ts';
import { PacelineError } from '../base/errors.ts';
import type { Outcome } from '../sqlite/executor.ts';
import type { ForwardAnswer } from './protocol.ts';

export function notLeader(): PacelineError {
  return new PacelineError('NOT_LEADER', 'this member does not lead');
}

/** An outcome as it travels to the member that asked. */
export function forwardAnswer(outcome: Outcome): ForwardAnswer {
  if ('error' in outcome) return outcome;
  return { results: encodeResults(outcome.results), position: outcome.position };
}
