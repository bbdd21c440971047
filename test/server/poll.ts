import { setTimeout as delay } from 'node:timers/promises';

const EVERY_MS = 5;
const ATTEMPTS_MAX = 4000; // 20 s: long for a loaded machine, short enough to fail

/** Waits until the condition holds; fails when it never does. */
export async function poll(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < ATTEMPTS_MAX; i++) {
    if (await condition()) return;
    await delay(EVERY_MS);
  }
  throw new Error(`the condition never held: ${condition}`);
}
