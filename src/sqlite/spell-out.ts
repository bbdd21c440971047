import type { Statement } from '../api/request.ts';
import type { SqlArgs, SqlValue } from '../api/value.ts';
import { PacelineError } from '../base/errors.ts';
import { DatabaseSync } from './binding.ts';
import { bare, replaceParameters } from './parameters.ts';

/** Below this a binding that compares a number with its whole part takes it for 0. */
const TINY = 2 ** -52;

const { tinyIsWhole, textEndsAtNul } = ask();

/** What the binding gets wrong; found out by asking, since libraries and versions differ. */
function ask(): { tinyIsWhole: boolean; textEndsAtNul: boolean } {
  const db = new DatabaseSync(':memory:');
  const row = db.prepare('SELECT typeof(?) AS kind, hex(?) AS hex').get(TINY / 2, 'a\0b');
  db.close();
  const { kind, hex } = row as { kind: string; hex: string };
  return { tinyIsWhole: kind !== 'real', textEndsAtNul: hex !== '610062' };
}

/**
 * The statement with the values that the binding would change in its text instead: a REAL close to zero, and -0.
 * Throws ARGUMENTS_INVALID for text that it would cut off, both on the way in and on the way out.
 */
export function spellOut(statement: Statement): Statement {
  const { sql, args } = statement;
  if (!isAwkward(args)) return statement;
  return { sql: withLiterals(sql, args), args: withoutTiny(args) };
}

/** Whether `spellOut` would change anything. Throws ARGUMENTS_INVALID likewise. */
export function isAwkward(args: SqlArgs | undefined): args is SqlArgs {
  if (args === undefined) return false;
  const values: readonly SqlValue[] = Array.isArray(args) ? args : Object.values(args);
  let awkward = false;
  for (const value of values) {
    if (typeof value === 'string') checkText(value);
    else if (tinyIsWhole && isTiny(value)) awkward = true;
  }
  return awkward;
}

function checkText(value: string): void {
  if (textEndsAtNul && value.includes('\0'))
    throw new PacelineError(
      'ARGUMENTS_INVALID',
      'a text has a NUL character, at which SQLite’s interface in this runtime ends it: pass a Uint8Array, or run Node 24.10 or later',
    );
}

function isTiny(value: SqlValue | undefined): value is number {
  return typeof value === 'number' && (value === 0 ? Object.is(value, -0) : isBetween(value));
}

function isBetween(value: number): boolean {
  return value > 0 && value < TINY;
}

/** The parameters stay, as NULL, so that their numbers and names do. */
function withLiterals(sql: string, args: SqlArgs): string {
  const named = new Map(Object.entries(args).map(([name, value]) => [bare(name), value]));
  return replaceParameters(sql, (token, parameter) => {
    const value =
      typeof parameter === 'number' ? named.get(String(parameter - 1)) : named.get(bare(parameter));
    if (!isTiny(value)) return token;
    return `coalesce(${token}, ${value === 0 ? '-0.0' : value})`;
  });
}

function withoutTiny(args: SqlArgs): SqlArgs {
  if (Array.isArray(args)) return args.map((value) => (isTiny(value) ? null : value));
  return Object.fromEntries(
    Object.entries(args).map(([name, value]) => [name, isTiny(value) ? null : value]),
  );
}
