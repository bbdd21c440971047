/** A piece of work that waits for its time. */
export interface Timer {
  /** Nothing happens if it has run already. */
  cancel(): void;
}

/** A thread's time: the system's, or one that a simulator moves. */
export interface Clock {
  /** Milliseconds, never going back. */
  now(): number;
  /** Calls `work` once, on a later turn, after about so long; with 0 as soon as what is there has been dealt with. */
  later(work: () => void, ms: number): Timer;
}

/** Its timers do not keep a process alive: the ports of a member's threads do that as long as it is open. */
export const systemClock: Clock = {
  now: () => performance.now(),
  later(work, ms) {
    if (ms === 0) {
      const immediate = setImmediate(work);
      return { cancel: () => clearImmediate(immediate) };
    }
    const timer = setTimeout(work, ms).unref();
    return { cancel: () => clearTimeout(timer) };
  },
};
