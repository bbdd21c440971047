import { PacelineError } from '../base/errors.ts';
import type { HardState } from '../raft/entry.ts';
import type { Disk } from './disk.ts';
import type { LogBase } from './log-store.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

/** Limits of a log on disk. Each can be given in FileLogOptions. */
export interface FileLogLimits {
  /**
   * Size to which a segment is pre-allocated, and beyond which it is not filled unless one flush is
   * larger. 16 MiB: compaction frees whole segments, so smaller ones give space back sooner; larger
   * ones change files less often (three metadata syncs each time, off the write path).
   */
  readonly segmentBytesMax: number;
  /**
   * Data of recent entries kept in memory: followers that keep up are served from here. Entries
   * that
   * are not yet on disk stay in memory in any case, so this can be passed by `pendingBytesMax`.
   */
  readonly cacheBytesMax: number;
  /** Largest data of one entry. A larger one is the caller's mistake (assertion). */
  readonly entryBytesMax: number;
  /**
   * What waits is written in flushes of about this size, so that `done` of the first need not wait
   * for all.
   */
  readonly flushBytesMax: number;
  /**
   * Data handed over and not yet durable. The store cannot refuse what Raft has decided, so the
   * caller
   * holds proposals back by `statistics.pendingBytes` well before this; passing it is an assertion.
   */
  readonly pendingBytesMax: number;
  /**
   * So long after the last write, at most, the last flush is sealed (see `scan.ts`). Costs one small
   * sync per idle period; shorter narrows the time in which damage can pass for a torn write.
   */
  readonly sealDelayMs: number;
}

export const FILE_LOG_DEFAULTS: FileLogLimits = {
  segmentBytesMax: 16 * MIB,
  cacheBytesMax: 32 * MIB,
  entryBytesMax: 64 * MIB,
  flushBytesMax: 4 * MIB,
  pendingBytesMax: 512 * MIB,
  sealDelayMs: 500,
};

/** Calls `work` once, in a later turn, about `ms` milliseconds from now. */
export type Later = (work: () => void, ms: number) => void;

/** What a new log starts with. */
export interface LogCreation {
  readonly base: LogBase;
  readonly hardState: HardState;
}

export interface FileLogOptions extends Partial<FileLogLimits> {
  /** A directory of the log's own. It is made if it is not there. */
  readonly dir: string;
  /**
   * Start a new log if the directory holds none. Leave it out for a member that has existed before:
   * a member that forgot its votes must not vote again, so an empty directory is then refused.
   */
  readonly create?: LogCreation;
  /** Called once, on a later turn, when a write or sync has failed and the store is dead. */
  readonly onFailure: (error: PacelineError) => void;
  /** The machine's own by default. */
  readonly disk?: Disk;
  /** Timers; must not keep the process alive. Those of Node by default. */
  readonly later?: Later;
  /** 32 random bits at each call: the salt of a new segment. From the system by default. */
  readonly newSalt?: () => number;
}

/** Offsets inside a segment are kept as 32-bit numbers. */
const SEGMENT_OFFSET_MAX = 2 ** 32 - 1;

/** The limits with defaults filled in. Throws OPTIONS_INVALID. */
export function limitsOf(options: FileLogOptions): FileLogLimits {
  const given = Object.entries(options).filter(
    ([name, value]) => name in FILE_LOG_DEFAULTS && value !== undefined,
  );
  const limits: FileLogLimits = { ...FILE_LOG_DEFAULTS, ...Object.fromEntries(given) };
  for (const [name, value] of Object.entries(limits)) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new PacelineError(
        'OPTIONS_INVALID',
        `${name} must be a positive integer, not ${value}`,
      );
    }
  }
  const reach = limits.segmentBytesMax + limits.flushBytesMax + 2 * limits.entryBytesMax;
  if (reach > SEGMENT_OFFSET_MAX) {
    throw new PacelineError(
      'OPTIONS_INVALID',
      'segmentBytesMax + flushBytesMax + 2 * entryBytesMax must stay below 4 GiB',
    );
  }
  return limits;
}

/** Counts since the open. */
export interface LogStatistics {
  readonly writes: number;
  /** Syncs on the write path: one each, however many writes it carried. */
  readonly flushes: number;
  readonly bytesWritten: number;
  /** Data handed over and not yet durable; the caller holds back by this. */
  readonly pendingBytes: number;
  /** Data of recent entries in memory. */
  readonly cacheBytes: number;
  /** Segments that could not be prepared ahead: a warning that space runs out. */
  readonly spareFailures: number;
}
