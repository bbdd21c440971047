/** So many steps, then the process may do something else. */
const STEPS_AT_ONCE = 20_000;

/** `then` of a promise that is settled costs a third of `queueMicrotask`, which keeps an asynchronous context. */
const settled = Promise.resolve();

/** What a step says: it was the last; it was one of many; or nothing follows from it, so that the next may come at once. */
export type Step = 'last' | 'more' | 'still';

/**
 * Calls `step` until it was the last or throws. But for those that are still, all promises that a step settled have run their course before the
 * next one: a callback of `nextTick` that was asked for by a microtask comes when no microtask is left.
 */
export function drive(step: () => Step): Promise<void> {
  return new Promise((resolve, reject) => {
    let left = STEPS_AT_ONCE;
    const next = () => {
      if (--left > 0) process.nextTick(once);
      else {
        left = STEPS_AT_ONCE;
        setImmediate(once);
      }
    };
    const once = () => {
      try {
        let said = step();
        while (said === 'still' && left > 1) {
          left--;
          said = step();
        }
        if (said === 'last') resolve();
        else void settled.then(next);
      } catch (error) {
        reject(error);
      }
    };
    once();
  });
}
