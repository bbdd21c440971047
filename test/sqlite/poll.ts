const LIMIT_MS = 20_000;

/** Waits until `condition` holds, looking at every turn of the loop; fails loudly if it never does. */
export async function poll(what: string, condition: () => boolean): Promise<void> {
  const end = performance.now() + LIMIT_MS;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited in vain for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
