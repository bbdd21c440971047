import type { SqlValue } from '../api/value.ts';
import { narrow } from '../api/wire.ts';
import { PacelineError } from '../base/errors.ts';
import type { PreparedStatement } from './binding.ts';

/** What a value costs in memory and on the wire, roughly; numbers and NULL count as eight bytes. */
function sizeOf(value: SqlValue): number {
  return typeof value === 'string' || value instanceof Uint8Array ? value.length + 8 : 8;
}

/** As a number, which the least integer must not be. */
const LEAST_INTEGER = -(2 ** 63);

/**
 * Throws what the binding throws for every other integer that is no exact number: node:sqlite, which compares absolute
 * values, gives the least one as if it were a REAL. Not for rows whose integers are read as bigint.
 */
export function refuseLeast(value: SqlValue): void {
  if (value !== LEAST_INTEGER) return;
  throw Object.assign(new RangeError('the least integer is no exact number'), {
    code: 'ERR_OUT_OF_RANGE',
  });
}

/**
 * Takes a statement's rows, integers narrowed, up to `bytesMax`; then RESULT_TOO_LARGE. `onRow` is called before each, and
 * may throw to end it. `bigIntegers`: the statement reads integers as bigint.
 */
export function collectRows(
  rows: Iterable<unknown>,
  bytesMax: number,
  onRow: (() => void) | null = null,
  bigIntegers = true,
): SqlValue[][] {
  const collected: SqlValue[][] = [];
  let bytes = 0;
  for (const row of rows) {
    const values = row as SqlValue[];
    onRow?.();
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!;
      if (typeof value === 'bigint') values[i] = narrow(value);
      else if (!bigIntegers) refuseLeast(value);
      bytes += sizeOf(value);
    }
    if (bytes > bytesMax)
      throw new PacelineError(
        'RESULT_TOO_LARGE',
        `the result is larger than ${bytesMax} bytes: ask for fewer rows or columns, or raise resultBytesMax`,
      );
    collected.push(values);
  }
  return collected;
}

/** Runs a statement that has no rows. */
export function runPlain(
  statement: PreparedStatement,
  bound: unknown[],
): { changes: bigint; rowid: bigint } {
  const { changes, lastInsertRowid } = statement.run(...bound);
  return { changes: BigInt(changes), rowid: BigInt(lastInsertRowid) };
}
