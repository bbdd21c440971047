import type { OpenOptions } from '../src/index.ts';

type Logger = NonNullable<OpenOptions['logger']>;

/** With PACELINE_BENCH_LOG=1 the members also say who leads; what they warn of is always shown: it costs time. */
const VERBOSE = process.env.PACELINE_BENCH_LOG === '1';

function write(level: string): Logger['error'] {
  return (fields, message) => {
    process.stderr.write(
      `${new Date().toISOString()} ${level} ${JSON.stringify(fields)} ${message}\n`,
    );
  };
}

function silent(): void {}

export const logger: Logger = {
  debug: silent,
  info: VERBOSE ? write('info') : silent,
  warn: write('warn'),
  error: write('error'),
};
