import type { Cluster } from './cluster.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/**
 * npm passes on the Ctrl-C that the terminal has sent already: signals this close together are one.
 */
const SAME_SIGNAL_MS = 1_000;

/**
 * Aborted by the first signal, for the caller to stop everything; a later one kills the members.
 */
export function abortOnSignals(cluster: Cluster): AbortSignal {
  const abort = new AbortController();
  let firstMs: number | null = null;
  const onSignal = () => {
    const nowMs = performance.now();
    firstMs ??= nowMs;
    if (nowMs - firstMs > SAME_SIGNAL_MS) void cluster.kill();
    abort.abort();
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return abort.signal;
}
