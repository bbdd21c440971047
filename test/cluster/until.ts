import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';

/** Between two looks. */
const LOOK_MS = 10;
/** Far above what anything here takes on a busy machine: reaching it is a failure, not slowness. */
const PATIENCE_MS = 60_000;

/**
 * Looks until `look` gives something other than false, null and undefined; fails at the deadline, also when a look never ends, with
 * `what`, the last error, and what `describe` tells.
 */
export async function until<T>(
  what: string,
  look: () => Promise<T | false | null | undefined> | T | false | null | undefined,
  describe: () => string = () => '',
): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS;
  let last: unknown = 'it never came true';
  while (performance.now() < deadline) {
    try {
      const found = await Promise.race([look(), silence(deadline)]);
      if (found !== false && found !== null && found !== undefined) return found;
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
      last = error;
    }
    await delay(LOOK_MS);
  }
  assert.fail(`waited ${PATIENCE_MS} ms for: ${what} (${last}) ${describe()}`);
}

/** A look that never ends must not hold the test beyond the deadline. */
function silence(deadline: number): Promise<null> {
  return delay(deadline - performance.now(), null, { ref: false });
}
