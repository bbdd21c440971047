import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { messageOf, PacelineError } from '../base/errors.ts';

/** Permission bits of the group and of others. */
const NOT_OWNER = 0o077;

/**
 * The secret in a file, without the white space around it. Throws OPTIONS_INVALID; calls `warn` when
 * other users of the machine may read the file.
 */
export function readSecretFile(path: string, warn: (message: string) => void): string {
  const { text, mode } = readWithMode(path);
  const secret = text.trim();
  if (secret === '') {
    const hint = 'write a long random text into it, for instance with: openssl rand -hex 32';
    throw new PacelineError('OPTIONS_INVALID', `the secret file ${path} is empty; ${hint}`);
  }
  if (process.platform !== 'win32' && (mode & NOT_OWNER) !== 0)
    warn(`other users can read the secret file ${path}; run: chmod 600 ${path}`);
  return secret;
}

function readWithMode(path: string): { text: string; mode: number } {
  try {
    const fd = openSync(path, 'r');
    try {
      return { text: readFileSync(fd, 'utf8'), mode: fstatSync(fd).mode };
    } finally {
      closeSync(fd);
    }
  } catch (cause) {
    const why = `cannot read the secret file ${path}: ${messageOf(cause)}`;
    const message = `${why}; name a file that this user may read, the same text on all members`;
    throw new PacelineError('OPTIONS_INVALID', message, { cause });
  }
}
