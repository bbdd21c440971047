import type { Cluster } from './cluster.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** The exit status that shells know. */
const INTERRUPTED = 130;
/** npm passes on the Ctrl-C that the terminal has sent already: signals this close together are one. */
const SAME_SIGNAL_MS = 1_000;

/** Resolves at the first signal, with the exit status, for the caller to stop everything; a later one kills the members. */
export function interrupted(cluster: Cluster): Promise<number> {
  return new Promise((resolve) => {
    let firstMs: number | null = null;
    const onSignal = () => {
      const nowMs = performance.now();
      firstMs ??= nowMs;
      if (nowMs - firstMs > SAME_SIGNAL_MS) void cluster.kill();
      resolve(INTERRUPTED);
    };
    for (const signal of SIGNALS) process.on(signal, onSignal);
  });
}
