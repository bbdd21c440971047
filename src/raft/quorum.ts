import { assert } from '../base/assert.ts';
import type { MemberId } from './entry.ts';

/**
 * How many of `count` voters make a majority. Any two majorities share a voter: all of Raft's
 * safety rests on that.
 */
export function majority(count: number): number {
  assert(Number.isSafeInteger(count) && count >= 0, 'not a number of voters');
  return Math.floor(count / 2) + 1;
}

/** The largest value that a majority has reached, one value per voter; 0 without voters. */
export function quorumValue(values: readonly number[]): number {
  if (values.length === 0) return 0;
  const needed = majority(values.length);
  let largest = 0;
  for (const value of values)
    if (value > largest && countFrom(values, value) >= needed) largest = value;
  assert(countFrom(values, largest) >= needed, 'not a majority');
  return largest;
}

function countFrom(values: readonly number[], least: number): number {
  let count = 0;
  for (const value of values) if (value >= least) count++;
  return count;
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
