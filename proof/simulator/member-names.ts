import type { MemberId } from '../../src/raft/entry.ts';

/** Of the members, in this order: first the voters, then the learners, then those outside. */
export const MEMBER_NAMES: readonly MemberId[] = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
