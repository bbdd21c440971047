import { setTimeout as sleep } from 'node:timers/promises';

/** How often a state that is waited for is looked at. */
export const POLL_MS = 10;
/** A state that has not come by then will not come. */
export const WAIT_MS = 60_000;

/** `deadline` is a time of Date.now(). */
export async function until(
  what: string,
  deadline: number,
  holds: () => Promise<boolean>,
): Promise<void> {
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await sleep(POLL_MS);
  }
}

/** For what cannot be looked at: rejects when `work` takes longer. */
export async function within<T>(what: string, ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited in vain for ${what}`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
