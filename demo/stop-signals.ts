import type { Cluster } from './cluster.ts';
import { leaderAmong, lookAround } from './observe.ts';
import type { Screen } from './screen.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const INTERRUPTED = 130;
/** npm passes on the Ctrl-C that the terminal has sent already: signals this close together are one. */
const SAME_SIGNAL_MS = 1_000;

/** The first signal stops the members cleanly, a later one kills them; both end this process. */
export function stopOnSignals(cluster: Cluster, screen: Screen): void {
  let firstMs: number | null = null;
  const onSignal = async () => {
    const nowMs = performance.now();
    if (firstMs !== null && nowMs - firstMs < SAME_SIGNAL_MS) return;
    const again = firstMs !== null;
    firstMs ??= nowMs;
    screen.clear();
    screen.say(again ? 'killing the members' : 'stopping the members; again to kill them');
    if (again) await cluster.kill();
    else await cluster.stop(leaderAmong(await lookAround(cluster))?.member.id ?? null);
    screen.say(`their data stays in ${cluster.dir}`);
    process.exit(INTERRUPTED);
  };
  for (const signal of SIGNALS) process.on(signal, () => void onSignal());
}
