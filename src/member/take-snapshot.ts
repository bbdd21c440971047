import type { CancelSignal } from '../api/cancel-signal.ts';
import type { Snapshot } from '../api/reads.ts';
import type { QueryResult } from '../api/request.ts';
import type { SqlArgs } from '../api/value.ts';
import { PacelineError } from '../base/errors.ts';
import type { EntryId } from '../raft/entry.ts';
import { inPlaceStatement } from './in-place-statement.ts';
import type { HeldState, OpenSnapshots } from './open-snapshots.ts';
import type { ReadPath } from './read-path.ts';
import type { ReadRequest } from './read-request.ts';
import type { ReaderPool } from './reader-pool.ts';
import type { ReaderThread } from './reader-thread.ts';
import type { SharedState } from './shared-state.ts';
import { unlessAborted } from './unless-aborted.ts';

/** One committed state of the database that has what was asked for, held until it is released. */
export interface KeptState extends Snapshot {
  /** `signal` stops a statement that runs on a thread of its own. */
  query(sql: string, args?: SqlArgs, signal?: CancelSignal): Promise<QueryResult>;
  /** What is in it is at or below this. */
  readonly position: EntryId;
  /** Whether it was taken away: its reads throw SNAPSHOT_ENDED. */
  readonly ended: boolean;
  release(): Promise<void>;
}

export interface KeepParts {
  readonly path: ReadPath;
  readonly shared: SharedState;
  readonly snapshots: OpenSnapshots;
  readonly pool: ReaderPool;
}

type Work<T> = (snapshot: Snapshot) => T | Promise<T>;

/** Rejects as a read does that cannot be served in time, and with OVERLOADED. */
export function keepState(
  request: ReadRequest,
  worker: boolean,
  parts: KeepParts,
): Promise<KeptState> {
  return worker ? keepInWorker(request, parts) : keepHere(request, parts);
}

/** The state lasts as long as `work`. */
export async function takeSnapshot<T>(
  work: Work<T>,
  { signal }: ReadRequest,
  state: KeptState,
): Promise<T> {
  const snapshot: Snapshot = {
    query: (sql, args) => state.query(sql, args, signal ?? undefined),
    prepare: (sql) => state.prepare(sql),
  };
  try {
    return await unlessAborted(signal, call(work, snapshot));
  } finally {
    await state.release();
  }
}

async function keepHere(
  request: ReadRequest,
  { path, shared, snapshots }: KeepParts,
): Promise<KeptState> {
  const held: { state: HeldState | null; visible: number } = { state: null, visible: 0 };
  try {
    const state = await path.read(request, () => {
      held.state?.release();
      held.state = snapshots.hold();
      held.visible = shared.visible;
      return held.state;
    });
    return {
      position: shared.committedPosition(held.visible),
      query: async (sql, args) => state.query(sql, args),
      prepare: (sql) => inPlaceStatement(state, sql),
      get ended() {
        return state.ended;
      },
      release: async () => state.release(),
    };
  } catch (error) {
    held.state?.release();
    throw error;
  }
}

/** The same on a thread of its own. */
async function keepInWorker(
  request: ReadRequest,
  { path, shared, pool }: KeepParts,
): Promise<KeptState> {
  const taken: { thread: ReaderThread | null } = { thread: null };
  const held = { visible: 0, since: 0 };
  try {
    const thread = await path.read(request, async () => {
      taken.thread ??= await pool.take(request);
      held.since = shared.snapshotsEnded;
      await taken.thread.begin();
      held.visible = shared.visible;
      return taken.thread;
    });
    const isOver = () => thread.dead || shared.snapshotsEnded !== held.since;
    return inWorker(thread, pool, shared.schema, isOver, shared.committedPosition(held.visible));
  } catch (error) {
    if (taken.thread !== null) await letGo(taken.thread, pool);
    throw error;
  }
}

function inWorker(
  thread: ReaderThread,
  pool: ReaderPool,
  schema: number,
  isOver: () => boolean,
  position: EntryId,
): KeptState {
  let released = false;
  return {
    position,
    query: async (sql, args, signal) => {
      if (released) throw new PacelineError('SNAPSHOT_ENDED', 'the snapshot has ended');
      return thread.query(sql, args, schema, true, signal ?? null);
    },
    prepare: () => {
      throw new PacelineError(
        'REQUEST_INVALID',
        'a snapshot on a worker cannot be read in place: use query(), or leave "worker" out',
      );
    },
    get ended() {
      return released || isOver();
    },
    release: async () => {
      if (released) return;
      released = true;
      await letGo(thread, pool);
    },
  };
}

async function letGo(thread: ReaderThread, pool: ReaderPool): Promise<void> {
  // A thread that is no more holds nothing.
  await thread.end().catch(ignoreEnded);
  pool.release(thread);
}

async function call<T>(work: Work<T>, snapshot: Snapshot): Promise<T> {
  return work(snapshot);
}

function ignoreEnded(error: unknown): void {
  if (!(error instanceof PacelineError)) throw error;
}
