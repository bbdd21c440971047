/** So many steps, then the process may do something else. */
const STEPS_AT_ONCE = 20_000;

/** `then` of a promise that is settled costs a third of `queueMicrotask`, which keeps an asynchronous context. */
const settled = Promise.resolve();

/**
 * Calls `step` until it returns false or throws. All promises that a step settled have run their course before the
 * next one: a callback of `nextTick` that was asked for by a microtask comes when no microtask is left.
 */
export function drive(step: () => boolean): Promise<void> {
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
        if (step()) void settled.then(next);
        else resolve();
      } catch (error) {
        reject(error);
      }
    };
    once();
  });
}
