import { pino } from 'pino';
import type { Logger } from '../member/options.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** JSON lines on stderr, written at once: the last line before a crash is the one that is needed. */
export function createLogger(level: LogLevel, id: string): Logger {
  return pino({ level, base: { id } }, pino.destination({ fd: 2, sync: true }));
}
