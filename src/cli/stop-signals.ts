import { messageOf } from '../base/errors.ts';
import type { Logger } from '../member/options.ts';
import { EXIT } from './exit-codes.ts';

/**
 * Signals this close together are one: npm and npx pass on the Ctrl-C that the terminal has sent to the member already, and
 * coreutils' `timeout` sends to the process and then to its group.
 */
const SAME_SIGNAL_MS = 1_000;

/**
 * SIGTERM or SIGINT runs `stop` and exits; a second one kills. Not process.exit(): it takes threads down in
 * the middle of SQLite calls, on which the addon sometimes aborts. A start after a kill recovers from the log.
 */
export function stopOnSignals(stop: () => Promise<void>, logger: Logger): void {
  let firstMs: number | null = null;
  const onSignal = (signal: NodeJS.Signals) => {
    const nowMs = performance.now();
    if (firstMs !== null && nowMs - firstMs > SAME_SIGNAL_MS) process.kill(process.pid, 'SIGKILL');
    if (firstMs !== null) return;
    firstMs = nowMs;
    logger.info({ signal }, 'stopping; another signal stops at once');
    stop().then(
      () => process.exit(EXIT.OK),
      (error: unknown) => {
        logger.error({ err: error }, `could not stop cleanly: ${messageOf(error)}`);
        process.exit(EXIT.FAULT);
      },
    );
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}

/** What nobody caught leaves an unknown state: say so and go. A restart recovers from the log. */
export function exitOnUncaught(logger: Logger): void {
  const onUncaught = (error: unknown) => {
    logger.error({ err: error }, `uncaught: ${messageOf(error)}; this member exits, restart it`);
    process.exit(EXIT.FAULT);
  };
  process.on('uncaughtException', onUncaught);
  process.on('unhandledRejection', onUncaught);
}
