import type { Snapshot } from '../api/reads.ts';
import { PacelineError } from '../base/errors.ts';
import { inPlaceStatement } from './in-place-statement.ts';
import type { HeldState, OpenSnapshots } from './open-snapshots.ts';
import type { ReadPath } from './read-path.ts';
import type { ReadRequest } from './read-request.ts';
import type { ReaderPool } from './reader-pool.ts';
import { type ReaderThread, unlessAborted } from './reader-thread.ts';
import type { SharedState } from './shared-state.ts';

type Work<T> = (snapshot: Snapshot) => T | Promise<T>;

/** Holds a state that has what the request must see, and that is committed, while `work` lasts. */
export async function takeSnapshot<T>(
  work: Work<T>,
  request: ReadRequest,
  path: ReadPath,
  snapshots: OpenSnapshots,
): Promise<T> {
  const held: { state: HeldState | null } = { state: null };
  try {
    const state = await path.read(request, () => {
      held.state?.release();
      held.state = snapshots.hold();
      return held.state;
    });
    const snapshot: Snapshot = {
      query: async (sql, args) => state.query(sql, args),
      prepare: (sql) => inPlaceStatement(state, sql),
    };
    return await unlessAborted(request.signal, call(work, snapshot));
  } finally {
    held.state?.release();
  }
}

/** The same on a thread of its own. */
export async function takeSnapshotInWorker<T>(
  work: Work<T>,
  request: ReadRequest,
  path: ReadPath,
  pool: ReaderPool,
  shared: SharedState,
): Promise<T> {
  const thread = await pool.take(request);
  const state = { ended: false };
  try {
    await path.read(request, () => thread.begin());
    const snapshot = snapshotOf(thread, request, shared.schema, state);
    return await unlessAborted(request.signal, call(work, snapshot));
  } finally {
    state.ended = true;
    // A thread that is no more holds nothing.
    await thread.end().catch(ignoreEnded);
    pool.release(thread);
  }
}

function snapshotOf(
  thread: ReaderThread,
  { signal }: ReadRequest,
  schema: number,
  state: { readonly ended: boolean },
): Snapshot {
  return {
    query: async (sql, args) => {
      if (state.ended) throw new PacelineError('SNAPSHOT_ENDED', 'the snapshot has ended');
      return thread.query(sql, args, schema, true, signal);
    },
    prepare: () => {
      throw new PacelineError(
        'REQUEST_INVALID',
        'a snapshot on a worker cannot be read in place: use query(), or leave "worker" out',
      );
    },
  };
}

async function call<T>(work: Work<T>, snapshot: Snapshot): Promise<T> {
  return work(snapshot);
}

function ignoreEnded(error: unknown): void {
  if (!(error instanceof PacelineError)) throw error;
}
