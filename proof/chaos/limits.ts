import type { Durability } from '../../src/api/durability.ts';

/** Every bound of a chaos run, with its unit. */
export const LIMITS = {
  pipeBytesMax: 4 * 2 ** 20, // on a slow way between two members; then the sender feels it

  // Load: tens of writes a second, so that histories stay within what the checker can decide.
  clientProcesses: 2,
  clientsPerMember: 2, // bound to one member: what it answers is what they get
  clientsHasty: 1, // the same, but they wait for no other member than the leader
  clientsRoaming: 2, // go to the next member when one does not answer
  pauseMsMax: 250, // between two operations of a client; drawn anew each time
  operationTimeoutMs: 5_000, // several elections
  attemptsMax: 8, // of a roaming client
  wideTimeoutMs: 1_500, // of a write that waits for members that may be down
  hastyTimeoutMs: 1_000, // less than a leader that is cut off believes in itself
  applicationTimeoutMs: 20_000, // past the application's own timeouts, one after the other
  applicationShare: 0.4, // of the operations through a member that an application embeds
  transactionRetries: 2,
  namelessShare: 0.3, // of an application's writes: calls without an option
  tokenShare: 0.2, // of reads that are given another session's token
  tokensKept: 8, // that may be handed over: those of the last sessions that did something
  questionsAtOnce: 50, // of what became of a write
  staleMs: 7_000, // after healing: by then attempts that nobody waits for have met their deadlines
  inPlaceMs: 500, // that a read in place waits, the thread standing still
  maxLagMs: 300, // of a bounded read
  maxLagEntries: 20, // the same, at most

  // Faults.
  healthyMs: 1_000, // of load between two faults
  pauseTimeoutsMin: 2, // a member is stopped for so many election timeouts
  pauseTimeoutsMax: 3,
  cutMsMin: 1_500,
  cutMsMax: 4_000, // twice the longest wait between two attempts to dial
  slowDelayMsMax: 250, // less than a heartbeat may be late
  slowMs: 2_500,
  downMsMax: 1_500, // between a kill and the next start
  killsMax: 4, // of the same member, one after the other
  killAfterStartMsMax: 900, // about what a start and a small snapshot take
  smallDiskBytes: 48 * 2 ** 20,
  fullDiskLeftBytes: 60_000,
  fullDiskMs: 3_000,
  ballastRowBytes: 20_000, // of rows that fill a disk
  smallRowBytesMax: 12_000, // of rows that make the log long, so that members that were away need a snapshot
  smallRowPauseMs: 100,
  smallRowsMax: 200, // then they are deleted
  fillRowsMax: 60, // twenty times fullDiskLeftBytes
  ballastRowsMore: 20, // once it is full: the member must run into it
  recoverMs: 5_000, // for a member to go on by itself when there is space again

  // Waits: reaching one is a violation, not slowness.
  settleMs: 60_000, // for a leader, for a member to catch up, for all to meet
  pollMs: 50,

  // What a member may hold at the end, when nothing is under way.
  descriptorsMore: 20, // than fresh: two threads that read for other members, seven each; a segment; connections
  descriptorsReplacedMax: 9, // three connections with three files each
  rssTimesMax: 2, // what V8 keeps after load
  rssBytesMore: 96 * 2 ** 20,
  quietMs: 1_500, // before descriptors are counted: connections of clients that left are closed by then
  collectedMs: 30_000, // then garbage was collected, with connections to replaced databases: V8 does it after 8 s of idleness

  logLinesShown: 20,
} as const;

/** What members run with: small enough that a minute sees checkpoints, compaction and snapshots. */
export const MEMBER_OPTIONS = {
  electionTimeoutMs: 1_000,
  heartbeatMs: 100,
  checkpointWalBytes: 512 * 1024,
  logKeepBytes: 128 * 1024,
  segmentBytesMax: 64 * 1024,
} as const;

/** Half of the clusters run with these, too: processes that are stopped share one clock, which goes on meanwhile. */
export const WITH_LEASES = { leaseDriftMs: 100 } as const;

/** With leases these stay as they are: a member that starts anew with a shorter one breaks its promise (docs/reads.md). */
export const SAME_WITH_LEASES: readonly string[] = ['electionTimeoutMs'];

/** What members have for writes that ask for nothing: with the first ones a failover may discard them, with the others never. */
export function defaultDurabilities(members: readonly string[]): {
  readonly weak: readonly Durability[];
  readonly strong: readonly Durability[];
} {
  const majority = members.slice(0, Math.floor(members.length / 2) + 1);
  const few = [...majority.slice(-1)];
  return { weak: ['local', 'local', 1, few], strong: ['quorum', 'all', majority.length, majority] };
}

/** What a clean restart may change besides: each value is drawn anew. */
export const OPTION_CHOICES: Readonly<Record<string, readonly number[]>> = {
  checkpointWalBytes: [64 * 1024, 512 * 1024, 8 * 2 ** 20],
  logKeepBytes: [16 * 1024, 128 * 1024, 256 * 2 ** 20],
  segmentBytesMax: [16 * 1024, 64 * 1024, 2 * 2 ** 20],
  heartbeatMs: [50, 100, 200],
  electionTimeoutMs: [900, 1_000, 1_300], // less than a member is stopped for
  batchMs: [1, 2, 10],
  pageCacheBytes: [4 * 1024, 32 * 2 ** 20],
  requestIdsKept: [50_000, 100_000], // more than a run writes: every write is asked for in the end
  workerAfterMs: [1, 1_000],
  readWorkersMax: [1, 2], // no more: see descriptorsMore
};

/** The longest that any member runs with. */
export const ELECTION_TIMEOUT_MS_MAX = Math.max(
  MEMBER_OPTIONS.electionTimeoutMs,
  ...OPTION_CHOICES.electionTimeoutMs!,
);
