import { assert } from '../base/assert.ts';
import type { MemberId } from './entry.ts';

/**
 * How many of `count` voters make a majority. Any two majorities share a voter: all of Raft's
 * safety rests on that.
 */
export function majority(count: number): number {
  assert(Number.isSafeInteger(count) && count >= 0, `not a number of voters: ${count}`);
  return Math.floor(count / 2) + 1;
}

/** The largest value that a majority has reached, one value per voter; 0 without voters. */
export function quorumValue(values: readonly number[]): number {
  if (values.length === 0) return 0;
  const descending = [...values].sort((a, b) => b - a);
  const value = descending[majority(values.length) - 1]!;
  assert(values.filter((v) => v >= value).length >= majority(values.length), 'not a majority');
  return value;
}

export type VoteResult = 'won' | 'lost' | 'open';

/** The state of an election; votes of anyone but `voters` do not count. */
export function voteResult(
  voters: readonly MemberId[],
  votes: ReadonlyMap<MemberId, boolean>,
): VoteResult {
  const granted = voters.filter((id) => votes.get(id) === true).length;
  const refused = voters.filter((id) => votes.get(id) === false).length;
  assert(granted + refused <= voters.length, 'more votes than voters');
  if (voters.length === 0) return 'lost';
  if (granted >= majority(voters.length)) return 'won';
  return voters.length - refused < majority(voters.length) ? 'lost' : 'open';
}
