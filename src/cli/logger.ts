import { pino } from 'pino';
import type { Logger } from '../member/options.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/**
 * JSON lines on stderr, written at once: the last line before a crash is the one that is needed. Each names its level, its time
 * and the member.
 */
export function createLogger(level: LogLevel, id: string): Logger {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (name: string) => ({ level: name }) },
    // What the member logs names it already.
    mixin: () => ({ member: id }),
  };
  return pino(options, pino.destination({ fd: 2, sync: true }));
}
