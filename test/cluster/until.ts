import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';

/** Between two looks. */
const LOOK_MS = 10;
/** Far above what anything here takes on a busy machine: reaching it is a failure, not slowness. */
const PATIENCE_MS = 20_000;

/** Looks until `look` gives something other than false, null and undefined; fails with `what` and the last error at the deadline. */
export async function until<T>(
  what: string,
  look: () => Promise<T | false | null | undefined> | T | false | null | undefined,
  patienceMs = PATIENCE_MS,
): Promise<T> {
  const deadline = performance.now() + patienceMs;
  let last: unknown = 'it never came true';
  while (performance.now() < deadline) {
    try {
      const found = await look();
      if (found !== false && found !== null && found !== undefined) return found;
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
      last = error;
    }
    await delay(LOOK_MS);
  }
  assert.fail(`waited ${patienceMs} ms for: ${what} (${last})`);
}
