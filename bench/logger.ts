import type { OpenOptions } from '../src/index.ts';

type Logger = NonNullable<OpenOptions['logger']>;

/** Members that are killed make the others warn; only what should not be there is shown. */
export const errorsOnly: Logger = {
  debug() {},
  info() {},
  warn() {},
  error(fields, message) {
    process.stderr.write(`${JSON.stringify(fields)} ${message}\n`);
  },
};
