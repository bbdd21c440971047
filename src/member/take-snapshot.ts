import type { CancelSignal } from '../api/cancel-signal.ts';
import type { Snapshot } from '../api/reads.ts';
import { inPlaceStatement } from './in-place-statement.ts';
import type { HeldState, OpenSnapshots } from './open-snapshots.ts';
import type { ReadPath } from './read-path.ts';
import type { ReadRequest } from './read-request.ts';

/** Holds a state that has what the request must see, and that is committed, while `work` lasts. */
export async function takeSnapshot<T>(
  work: (snapshot: Snapshot) => T | Promise<T>,
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
    return await unlessAborted(request.signal, async () => work(snapshotOf(state)));
  } finally {
    held.state?.release();
  }
}

function snapshotOf(state: HeldState): Snapshot {
  return {
    query: async (sql, args) => state.query(sql, args),
    prepare: (sql) => inPlaceStatement(state, sql),
  };
}

/** What `work` comes to, or the signal's reason if that comes first. */
export async function unlessAborted<T>(
  signal: CancelSignal | null,
  work: () => Promise<T>,
): Promise<T> {
  if (signal === null) return work();
  if (signal.aborted) throw signal.reason;
  return new Promise<T>((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort);
    work()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', abort));
  });
}
