import { atStatement, PacelineError } from '../base/errors.ts';
import type { Statement } from './request.ts';
import type { SqlArgs } from './value.ts';

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

/** Checks arguments from outside before anything else is done with them. Throws ARGUMENTS_INVALID naming the place. */
export function checkArgs(args: unknown): asserts args is SqlArgs | undefined {
  if (args === undefined) return;
  if (Array.isArray(args)) {
    for (let i = 0; i < args.length; i++) checkValue(args[i], i + 1);
    return;
  }
  if (typeof args !== 'object' || args === null || ArrayBuffer.isView(args))
    throw invalid('arguments must be an array (for ?) or an object (for :name)');
  for (const name of Object.keys(args)) checkValue((args as Record<string, unknown>)[name], name);
}

function checkValue(value: unknown, place: number | string): void {
  switch (typeof value) {
    case 'string':
      if (value.includes('\0'))
        throw invalid(
          `argument ${place} is text with a NUL character, which would be cut off there: pass it as a Uint8Array`,
        );
      return;
    case 'number':
      if (Number.isNaN(value))
        throw invalid(`argument ${place} is NaN, which SQLite cannot store: use null`);
      return;
    case 'bigint':
      if (value < INT64_MIN || value > INT64_MAX)
        throw invalid(`argument ${place} does not fit 64 bits: ${value}`);
      return;
    case 'boolean':
      throw invalid(`argument ${place} is a boolean, which SQLite does not have: use 1 or 0`);
    default:
      if (value === null || value instanceof Uint8Array) return;
      throw invalid(
        `argument ${place} is ${describe(value)}: only null, number, bigint, string and Uint8Array can be stored`,
      );
  }
}

function describe(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  if (typeof value !== 'object') return `a ${typeof value}`;
  return Array.isArray(value) ? 'an array' : (value.constructor?.name ?? 'an object');
}

/** Checks a statement from outside. `sqlCharsMax` bounds its text. */
export function checkStatement(
  statement: unknown,
  sqlCharsMax: number,
): asserts statement is Statement {
  const { sql, args } = (statement ?? {}) as { sql?: unknown; args?: unknown };
  checkSql(sql, sqlCharsMax);
  checkArgs(args);
}

/** The same for the statements of a batch. */
export function checkBatch(
  statements: unknown,
  sqlCharsMax: number,
): asserts statements is readonly Statement[] {
  if (!Array.isArray(statements) || statements.length === 0)
    throw new PacelineError('REQUEST_INVALID', 'a batch is an array of at least one statement');
  ofEach(statements, (statement) => checkStatement(statement, sqlCharsMax));
}

/** What `make` makes of each statement of a batch; what it throws says which one that was. */
export function ofEach<From, To>(
  statements: readonly From[],
  make: (statement: From, index: number) => To,
): To[] {
  return statements.map((statement, i) => {
    try {
      return make(statement, i);
    } catch (error) {
      throw atStatement(error, i);
    }
  });
}

/** The error of a batch: if it was one statement only, what was refused was that one. */
export function ofBatch(error: unknown, { length }: readonly Statement[]): unknown {
  return length === 1 ? atStatement(error, 0) : error;
}

export function checkSql(sql: unknown, sqlCharsMax: number): asserts sql is string {
  if (typeof sql !== 'string')
    throw new PacelineError('REQUEST_INVALID', `"sql" must be a string, not ${describe(sql)}`);
  if (sql.length > sqlCharsMax)
    throw new PacelineError(
      'REQUEST_TOO_LARGE',
      `the statement has ${sql.length} characters, the limit is ${sqlCharsMax}: pass data as arguments, or raise sqlBytesMax`,
    );
}

function invalid(message: string): PacelineError {
  return new PacelineError('ARGUMENTS_INVALID', message);
}
