import { setTimeout as sleep } from 'node:timers/promises';

/** A condition that does not come true is a failed test, not one that hangs. */
const GIVE_UP_AFTER_MS = 15_000;

/** Waits until `condition` holds; `what` names it in the failure. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const giveUpAtMs = performance.now() + GIVE_UP_AFTER_MS;
  while (!condition()) {
    if (performance.now() > giveUpAtMs) throw new Error(`gave up waiting: ${what}`);
    await sleep(2);
  }
}
