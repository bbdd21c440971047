import type { CancelSignal } from '../api/cancel-signal.ts';
import type { PrepareOptions, ReadLevel, ReadOptions } from '../api/read-options.ts';
import { decodeToken } from '../api/token.ts';
import type { Index } from '../raft/entry.ts';
import { NeededPositions } from './needed-positions.ts';
import type { SharedState } from './shared-state.ts';

/** What one read must see, and how long it may wait for that. */
export interface ReadRequest {
  readonly level: ReadLevel;
  readonly after: NeededPositions | null;
  readonly maxLagMs: number | null;
  readonly maxLagEntries: number | null;
  readonly startMs: number;
  readonly deadlineMs: number;
  readonly signal: CancelSignal | null;
  /** At level strong: the read index, once it is known. */
  readIndex: Index | null;
}

/** The options must have been checked. */
export function makeRequest(
  options: ReadOptions | PrepareOptions,
  shared: SharedState,
  startMs: number,
  timeoutMs: number,
): ReadRequest {
  const { level, maxLagMs, maxLagEntries, after, signal } = options as ReadOptions;
  const isBounded = maxLagMs !== undefined || maxLagEntries !== undefined;
  return {
    level: level ?? (isBounded ? 'bounded' : 'session'),
    after: after === undefined ? null : neededFor(after, shared),
    maxLagMs: maxLagMs ?? null,
    maxLagEntries: maxLagEntries ?? null,
    startMs,
    deadlineMs: startMs + (options.timeoutMs ?? timeoutMs),
    signal: signal ?? null,
    readIndex: null,
  };
}

function neededFor(token: string, shared: SharedState): NeededPositions {
  const needed = new NeededPositions(shared, 'what the token stands for, at');
  needed.add(decodeToken(token));
  return needed;
}
