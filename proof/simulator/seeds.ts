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
  {
    seed: 1008,
    showed:
      'I4, a lost write: after a snapshot took the place of a deposed leader’s tail, its writes were answered by the indexes of a later leadership',
  },
  {
    seed: 1067,
    showed: 'liveness: a member elected while its disk was full led for ever without beginning',
  },
  { seed: 1096, showed: 'nothing of the product; an undo that the log has overtaken' },
  {
    seed: 1135,
    showed:
      'I8, I5: between the log’s reset to a snapshot and its installation, an orphaned tail in the old database passed for committed',
  },
  {
    seed: 1000032,
    showed: 'nothing of the product; a bit that flips in a snapshot that was looked at already',
  },
  {
    seed: 1000076,
    showed: 'nothing of the product; a bit of the log that the medium did not have yet',
  },
  {
    seed: 1000126,
    showed: 'nothing of the product; a checkpoint that took pages the database no longer had',
  },
  { seed: 1000130, showed: 'nothing of the product; a process that reads while it is being ended' },
  {
    seed: 755633543,
    showed: 'a member stopped when the one that was to lead next had lost its vote meanwhile',
  },
  {
    seed: 27,
    showed:
      'I7, on real SQLite: after a loss of power the first frames of an emptied WAL were there again, behind them those of the new one: a database of two times',
  },
  {
    seed: 83,
    showed:
      'I8, on real SQLite: a checkpoint that was begun before a member led copied what it committed then',
  },
  {
    seed: 352,
    showed:
      'I7: a leader’s checkpoint copied what a majority had and its own disk not yet; after a loss of power its log ended before its main file, which nothing could undo',
  },
  {
    seed: 16,
    showed:
      'I4: a write was called safe by the copies of learners, and by a name that was there twice',
  },
  {
    seed: 2000059,
    showed:
      'liveness: a leader emptied its WAL before it gave its database away, and waited for the commit of what it had executed, which took the member that waited for the database',
  },
  {
    seed: 3000185,
    showed: 'liveness: the same, on real SQLite',
  },
  {
    seed: 5000195,
    showed:
      'linearizable: a transaction that was asked for twice lost its statements and was committed',
  },
  {
    seed: 2000512,
    showed:
      'liveness: a leader said only once that it takes no more of a member’s writes, and that was lost: nothing more came through that member',
  },
  {
    seed: 3001250,
    showed:
      'I8: what the log discarded while the database was being given its place was not undone; a later leader’s commit index then passed for its own',
  },
  {
    seed: 3001096,
    showed:
      'a member that was elected while it received a database asked itself to keep the log, and stopped',
  },
  {
    seed: 3002182,
    showed:
      'I6: a member that found its disk full while it was to close did not close, and dropped what it was to apply',
  },
  { seed: 3002117, showed: 'nothing of the product; a checkpoint on a database that was closed' },
  {
    seed: 3010026,
    showed:
      'I4: a transaction that was begun twice, as its beginning was sent again: the first lived too long, and the empty second one was committed for it',
  },
  {
    seed: 3002412,
    showed:
      'I7: what was undone at the end was before what a checkpoint had copied before a restart',
  },
  {
    seed: 3020295,
    showed:
      'liveness: a state was not held for a member that needs it, as the WAL was too long; nothing could be committed without that member, so it stayed so',
  },
  {
    seed: 5000180,
    showed:
      'a member stopped: the only voter, whose database had to come from a learner, was to hand over to another voter',
  },
  {
    seed: 11,
    showed:
      'I10: after a read that another member had served, the token of the handle had a term of before, and was told to be lost',
  },
  {
    seed: 7700091,
    showed:
      'I10: a token of what is in front of the log that is kept had the first term of that log, and was told to be lost',
  },
  {
    seed: 7700041,
    showed:
      'I4: a function whose transaction was ended by its member’s failure passed for committed',
  },
  {
    seed: 7700469,
    showed:
      'a member stopped: the checkpoint of a database that was being replaced by an older one shortened the log that this needed',
  },
  {
    seed: 7700682,
    showed: 'nothing of the product; a checkpoint up to a state that is held, and was undone',
  },
  { seed: 7710346, showed: 'nothing of the product; a commit that was found after its abort' },
  { seed: 7710271, showed: 'nothing of the product; a refusal that a connection has lost' },
  {
    seed: 7016839,
    showed:
      'a member fails: elected while it fetched a database that an earlier leader’s log had made it need, it put that in the place of the one that it led with, and began its term twice',
  },
  {
    seed: 7001086,
    showed:
      'nothing of the product; the tail of a member that was elected late, and is about to be undone',
  },
  {
    seed: 1174758030,
    showed:
      'nothing of the product; a bit that flipped at the end of the log of one of the two members that had acknowledged an entry',
  },
];
