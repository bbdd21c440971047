import { PacelineError } from '../base/errors.ts';
import type { Position } from './request.ts';

/** `p`, the term, a dot, the index, both in base 36. Callers shall not look inside: only Paceline reads it. */
const TOKEN = /^p([0-9a-z]{1,11})\.([0-9a-z]{1,11})$/;

/** A position as a text that can be kept, sent to another process, and given to a read as `after`. */
export function encodeToken({ term, index }: Position): string {
  return `p${term.toString(36)}.${index.toString(36)}`;
}

/** Throws TOKEN_INVALID for anything that `encodeToken` does not write. */
export function decodeToken(token: unknown): Position {
  const found = typeof token === 'string' ? TOKEN.exec(token) : null;
  const term = Number.parseInt(found?.[1] ?? '', 36);
  const index = Number.parseInt(found?.[2] ?? '', 36);
  if (!Number.isSafeInteger(term) || !Number.isSafeInteger(index)) throw invalid(token);
  return { term, index };
}

function invalid(token: unknown): PacelineError {
  const shown = typeof token === 'string' ? JSON.stringify(token.slice(0, 40)) : typeof token;
  return new PacelineError(
    'TOKEN_INVALID',
    `"after" must be a token as db.token gives it, unchanged, not ${shown}`,
  );
}
