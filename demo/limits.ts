/** Every bound of the demo, with its unit. */
export const LIMITS = {
  startMs: 30_000, // a member that has not said "ready" by then will not
  stopMs: 15_000, // a clean stop is bounded by 5 s for HTTP and 5 s for the member; then SIGKILL
  settleMs: 30_000, // for an election, for a restarted member to catch up, for all members to meet
  pollMs: 20, // between looks at a member while waiting for it
  statusTimeoutMs: 1_000, // a member that does not answer by then is shown as silent

  importBatchRows: 1_000, // one atomic write: large enough to share its fsync, about 100 KB of JSON
  importInFlight: 3, // keeps the leader busy while answers travel
  importTimeoutMs: 60_000, // a batch on a slow disk

  writeTimeoutMs: 10_000, // then the same write is sent again under the same id
  readTimeoutMs: 2_000,
  readRetryMs: 250, // pause of a reader whose member is down

  verifyPageRows: 10_000, // rows read per request, far below the limit on a result's bytes
  fileChunkBytes: 2 ** 20, // compared at a time

  meterWindowMs: 1_000, // rates and percentiles are of the last second
  meterSamplesMax: 50_000, // then the oldest go, and rates read too low
  ackTimesMax: 2 ** 15, // acknowledgements remembered for finding gaps: over a minute of the view's load

  redrawMs: 250,
  plainLineMs: 2_000, // between status lines where stdout is no terminal
  loadStopMs: 2_000, // for writes under way when the view ends; the rest go unanswered
  gapLeadMs: 1_000, // acknowledgements looked at before a death was noticed
  gapTailMs: 300, // and after the first one that follows it
  eventsShown: 6,
} as const;

/** How hard the members are worked. */
export interface LoadShape {
  readonly writersPerMember: number;
  readonly readersPerMember: number;
  /** Between two requests of the same writer. */
  readonly writePauseMs: number;
  /** Between two of the same reader. */
  readonly readPauseMs: number;
}

/** A quiet background: it can run for hours beside other work. */
export const VIEW_LOAD: LoadShape = {
  writersPerMember: 2,
  readersPerMember: 2,
  writePauseMs: 15,
  readPauseMs: 15,
};

/** At every moment each writer has a write under way that a crash can hit. */
export const EXERCISE_LOAD: LoadShape = {
  writersPerMember: 4,
  readersPerMember: 1,
  writePauseMs: 0,
  readPauseMs: 5,
};

export const EXERCISE = {
  kills: 3,
  beforeKillMs: 1_000, // of load on a healthy cluster
  afterTakeoverMs: 500, // of load on two members, so that the dead one has something to catch up with
} as const;
