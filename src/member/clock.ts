/** A piece of work that waits for its time. */
export interface Timer {
  /** Nothing happens if it has run already. */
  cancel(): void;
}

/** A thread's time: the system's, or one that a simulator moves. */
export interface Clock {
  /** Milliseconds, never going back; the same in all threads of a process. */
  now(): number;
  /** Calls `work` once, on a later turn, after about so long; with 0 as soon as what is there has been dealt with. */
  later(work: () => void, ms: number): Timer;
}

const NANOSECONDS_PER_MS = 1_000_000;

/** Each thread counts `performance.now()` from its own start, but all of them by the clock that `process.hrtime` shows. */
function startOfThreadMs(): number {
  let best = { startMs: 0, widthMs: Number.POSITIVE_INFINITY };
  // Of some looks at both the one that was disturbed least.
  for (let i = 0; i < 5; i++) {
    const before = performance.now();
    const sharedMs = Number(process.hrtime.bigint()) / NANOSECONDS_PER_MS;
    const widthMs = performance.now() - before;
    if (widthMs < best.widthMs) best = { startMs: sharedMs - before, widthMs };
  }
  return best.startMs;
}

const START_OF_THREAD_MS = startOfThreadMs();

/** Its timers do not keep a process alive: the ports of a member's threads do that as long as it is open. */
export const systemClock: Clock = {
  now: () => START_OF_THREAD_MS + performance.now(),
  later(work, ms) {
    if (ms === 0) {
      const immediate = setImmediate(work);
      return { cancel: () => clearImmediate(immediate) };
    }
    const timer = setTimeout(work, ms).unref();
    return { cancel: () => clearTimeout(timer) };
  },
};
