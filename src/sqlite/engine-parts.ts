import type { EntryId, Index } from '../raft/entry.ts';
import type { Executor, ExecutorLimits, Outcome } from './executor.ts';
import type { LiveWal } from './live-wal.ts';
import type { WriterLock } from './writer-lock.ts';

/** What one SQLite commit brought: an entry for the log, and the answers that may be given once it is committed. */
export interface Executed {
  readonly id: EntryId;
  readonly data: Uint8Array;
}

export interface EngineOptions extends ExecutorLimits {
  readonly cluster: string;
  readonly pageCacheBytes: number;
  /** Bytes of log that one commit may cost. */
  readonly transactionBytesMax: number;
  /** Called just before a commit up to `index` can be seen by readers, and with a lower index after one was undone (I5). */
  readonly onVisible: (index: Index, undone: boolean) => void;
}

/** What the engine works on: SQLite's connections and files, or what a simulator has in their place. */
export interface EngineParts {
  readonly wal: LiveWal;
  readonly pageSize: number;
  readonly lock: Pick<WriterLock, 'held' | 'take' | 'release'>;
  executor(
    limits: ExecutorLimits,
  ): Pick<
    Executor,
    | 'isOpen'
    | 'begin'
    | 'end'
    | 'enforceForeignKeys'
    | 'reload'
    | 'startTerm'
    | 'run'
    | 'start'
    | 'step'
    | 'find'
    | 'finish'
    | 'undo'
  >;
}

/** Receives what one SQLite commit brought, null if nothing was changed, and the outcomes of the writes in it. */
export type Emit = (executed: Executed | null, outcomes: readonly Outcome[]) => void;
