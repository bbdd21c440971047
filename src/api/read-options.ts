import { PacelineError } from '../base/errors.ts';
import type { CancelSignal } from './cancel-signal.ts';
import { decodeToken } from './token.ts';

/**
 * What a read is guaranteed to see; docs/reads.md defines each.
 * - `eventual`: this member's copy as it is now.
 * - `bounded`: no older than `maxLagMs`, no further behind than `maxLagEntries`.
 * - `session`: at least all that this handle has written and read, and `after`.
 * - `strong`: all that was acknowledged anywhere before the read began (linearizable).
 *
 * None returns data that is not committed.
 */
export type ReadLevel = 'eventual' | 'bounded' | 'session' | 'strong';

export interface ReadOptions {
  /** Default `session`; `bounded` when one of its bounds is given. */
  readonly level?: ReadLevel;
  /** Everything committed more than so many milliseconds before the read began is seen. Makes the level `bounded`. */
  readonly maxLagMs?: number;
  /** At most so many entries of the log are missing. Makes the level `bounded`. */
  readonly maxLagEntries?: number;
  /** A token: the read sees what its owner had written and read, whatever the level. */
  readonly after?: string;
  /** How long to wait until this member can serve the read; default `readTimeoutMs`. */
  readonly timeoutMs?: number;
  /** What this member cannot serve soon is read at the leader instead. Default false. */
  readonly forward?: boolean;
  /** Ends the waiting, and the reading between two rows; the call rejects with the signal's reason. */
  readonly signal?: CancelSignal;
  /** Runs the statement on a thread of its own, for reads that take long. Default: see `workerAfterMs` of `open`. */
  readonly worker?: boolean;
}

/** What a read may ask that is answered in place, without a promise. */
export type PrepareOptions = Pick<ReadOptions, 'after' | 'timeoutMs'> & {
  readonly level?: 'eventual' | 'session';
};

export const READ_LEVELS: readonly ReadLevel[] = ['eventual', 'bounded', 'session', 'strong'];
const NAMES = new Set([
  ...['level', 'maxLagMs', 'maxLagEntries', 'after', 'timeoutMs', 'forward', 'signal', 'worker'],
]);
const PREPARE_NAMES = new Set(['level', 'after', 'timeoutMs']);

/** Checks options from outside. Throws REQUEST_INVALID naming the option, TOKEN_INVALID. */
export function checkReadOptions(options: unknown): asserts options is ReadOptions {
  const given = objectOf(options, NAMES);
  const { level, maxLagMs, maxLagEntries, after, timeoutMs, signal } = given as ReadOptions;
  if (level !== undefined && !READ_LEVELS.includes(level))
    throw invalid(`"level" is one of ${READ_LEVELS.join(', ')}, not ${show(level)}`);
  checkNumber('maxLagMs', maxLagMs);
  checkNumber('maxLagEntries', maxLagEntries);
  checkTimeout(timeoutMs);
  checkBounds(level, maxLagMs ?? maxLagEntries);
  for (const name of ['forward', 'worker'] as const) {
    if (given[name] !== undefined && typeof given[name] !== 'boolean')
      throw invalid(`"${name}" is true or false, not ${show(given[name])}`);
  }
  if (signal !== undefined && typeof signal?.addEventListener !== 'function')
    throw invalid('"signal" is an AbortSignal');
  if (after !== undefined) decodeToken(after);
}

/** The same for `prepare`, whose reads cannot ask other members. */
export function checkPrepareOptions(options: unknown): asserts options is PrepareOptions {
  const { level, after, timeoutMs } = objectOf(options, PREPARE_NAMES) as PrepareOptions;
  if (level !== undefined && level !== 'eventual' && level !== 'session')
    throw invalid(
      `a statement that is read in place has the level eventual or session, not ${show(level)}: use query() for the others`,
    );
  checkTimeout(timeoutMs);
  if (after !== undefined) decodeToken(after);
}

function objectOf(options: unknown, names: ReadonlySet<string>): Record<string, unknown> {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw invalid('options are an object');
  for (const name of Object.keys(options))
    if (!names.has(name)) throw invalid(`there is no option "${name}"`);
  return options as Record<string, unknown>;
}

function checkBounds(level: ReadLevel | undefined, bound: number | undefined): void {
  if (level === 'bounded' && bound === undefined)
    throw invalid('the level bounded needs "maxLagMs" or "maxLagEntries"');
  if (level !== undefined && level !== 'bounded' && bound !== undefined)
    throw invalid(`"maxLagMs" and "maxLagEntries" belong to the level bounded, not to ${level}`);
}

function checkNumber(name: string, value: unknown): void {
  if (value === undefined) return;
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0 || value > 2 ** 30)
    throw invalid(`"${name}" is a whole number from 0 to ${2 ** 30}, not ${show(value)}`);
}

function checkTimeout(value: unknown): void {
  if (value === undefined) return;
  if (typeof value !== 'number' || !(value > 0 && value < Number.POSITIVE_INFINITY))
    throw invalid(`"timeoutMs" is a positive number, not ${show(value)}`);
}

function show(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

function invalid(what: string): PacelineError {
  return new PacelineError('REQUEST_INVALID', what);
}
