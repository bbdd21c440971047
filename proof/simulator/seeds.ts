/** Every seed that ever failed, with what it showed: they are run again for ever. */
export const SEEDS: readonly { readonly seed: number; readonly showed: string }[] = [
  { seed: 1, showed: 'nothing; a first one, with learners and frames that are lost' },
  {
    seed: 4,
    showed:
      'I8: a deposed leader took the commit index of a later term for that of its own tail, and copied it into the main file; a pin rolled on to an undone commit',
  },
  { seed: 9, showed: 'I4: a flush whose sync failed was taken for durable after a restart' },
  { seed: 12, showed: 'nothing of the product; members that lead without knowing better' },
  { seed: 23, showed: 'nothing of the product; sessions that move between members' },
  {
    seed: 61,
    showed: 'a log that was closed on a full disk left its error to an unhandled rejection',
  },
  { seed: 89, showed: 'a member outside the membership fell over an assertion at its start' },
];
