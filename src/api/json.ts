/**
 * SQL values as JSON, both ways:
 *
 * | SQL value                                   | JSON                               |
 * | ------------------------------------------- | ---------------------------------- |
 * | NULL                                        | `null`                             |
 * | TEXT                                        | a string                           |
 * | INTEGER within ±(2^53−1)                    | a number                           |
 * | INTEGER beyond                              | `{"$integer":"9223372036854775807"}` |
 * | REAL                                        | a number                           |
 * | REAL, infinite, −0.0, or integral beyond ±(2^53−1) | `{"$real":"Infinity"}`, `{"$real":"1e+300"}` |
 * | BLOB                                        | `{"$blob":"aGk="}` (padded base64) |
 *
 * A REAL with an integral value (1.0) is the same JSON as the INTEGER (1), as it is the same number
 * in JavaScript. Where the type matters, say so in SQL: `CAST(? AS REAL)`, `typeof(x)`. Booleans are
 * refused: SQLite has none.
 */
import { PacelineError } from '../base/errors.ts';
import { decodeBase64, encodeBase64 } from './base64.ts';
import type { SqlArgs, SqlValue } from './value.ts';

export type JsonValue =
  | null
  | number
  | string
  | { readonly $integer: string }
  | { readonly $real: string }
  | { readonly $blob: string };

export type JsonArgs = readonly JsonValue[] | Readonly<Record<string, JsonValue>>;

const INTEGER_TEXT = /^(0|-?[1-9][0-9]{0,18})$/;
const INTEGER_MIN = -(2n ** 63n);
const INTEGER_MAX = 2n ** 63n - 1n;
const REAL_TEXT = /^(-?Infinity|-?[0-9]{1,400}(\.[0-9]{1,400})?([eE][+-]?[0-9]{1,3})?)$/;

/** Throws ARGUMENTS_INVALID, naming `place`, for what callers without types may hand over. */
export function valueToJson(value: SqlValue, place = 'the value'): JsonValue {
  if (value === null || typeof value === 'string') return value;
  if (typeof value === 'number') return numberToJson(value, place);
  if (typeof value === 'bigint') return bigintToJson(value, place);
  if (value instanceof Uint8Array) return { $blob: encodeBase64(value) };
  throw notAValue(value, place);
}

function numberToJson(value: number, place: string): JsonValue {
  if (Number.isNaN(value)) throw invalid(place, 'is NaN, which SQLite does not have; bind null');
  if (Object.is(value, -0)) return { $real: '-0' };
  const plain = Number.isSafeInteger(value) || !Number.isInteger(value);
  return plain && Number.isFinite(value) ? value : { $real: String(value) };
}

function bigintToJson(value: bigint, place: string): JsonValue {
  if (value < INTEGER_MIN || value > INTEGER_MAX)
    throw invalid(place, `does not fit SQLite's 64 bits (${value}); bind it as text`);
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : { $integer: value.toString() };
}

/** The value that `json` stands for. `place` says where it stood, for the ARGUMENTS_INVALID. */
export function valueFromJson(json: unknown, place = 'the value'): SqlValue {
  if (json === null || typeof json === 'string') return json;
  if (typeof json === 'number') return numberFromJson(json, place);
  if (typeof json !== 'object' || Array.isArray(json)) throw notAValue(json, place);
  const [key, ...more] = Object.keys(json);
  const content: unknown = Object.values(json)[0];
  if (key === undefined || more.length > 0 || typeof content !== 'string')
    throw notAValue(json, place);
  if (key === '$integer') return integerFromText(content, place);
  if (key === '$real') return realFromText(content, place);
  if (key === '$blob') return blobFromText(content, place);
  throw notAValue(json, place);
}

/** A number this large has lost its last digits in JSON parsers, and may have meant either type. */
function numberFromJson(value: number, place: string): number {
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
    const wanted = 'write {"$integer":"<digits>"} or {"$real":"<digits>"}';
    throw invalid(place, `is a number beyond ±(2^53-1), inexact in JSON; ${wanted}`);
  }
  if (!Number.isFinite(value))
    throw invalid(place, `is ${value}; write {"$real":"Infinity"} or null`);
  return value;
}

function integerFromText(text: string, place: string): number | bigint {
  const value = INTEGER_TEXT.test(text) ? BigInt(text) : null;
  if (value === null || value < INTEGER_MIN || value > INTEGER_MAX)
    throw invalid(place, 'has a $integer that is not a 64-bit integer in decimal digits');
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function realFromText(text: string, place: string): number {
  if (!REAL_TEXT.test(text))
    throw invalid(place, 'has a $real that is neither a decimal number nor "Infinity"');
  const value = Number(text);
  if (!Number.isFinite(value) && !text.endsWith('Infinity'))
    throw invalid(place, 'has a $real beyond the range of a double');
  if (Number.isSafeInteger(value) && !Object.is(value, -0))
    throw invalid(place, 'has an integral $real, which would bind an INTEGER; CAST it in SQL');
  return value;
}

function blobFromText(text: string, place: string): Uint8Array {
  const bytes = decodeBase64(text);
  if (bytes === null) throw invalid(place, 'has a $blob that is not padded base64 (RFC 4648)');
  return bytes;
}

export function argsToJson(args: SqlArgs, place = 'args'): JsonArgs {
  return mapArgs<SqlValue, JsonValue>(args, place, valueToJson);
}

/** Arguments from a request: an array for `?`, an object for named ones. Throws ARGUMENTS_INVALID. */
export function argsFromJson(json: unknown, place = 'args'): SqlArgs {
  return mapArgs<unknown, SqlValue>(json, place, valueFromJson);
}

function mapArgs<From, To>(
  args: unknown,
  place: string,
  map: (value: From, place: string) => To,
): readonly To[] | Readonly<Record<string, To>> {
  if (Array.isArray(args)) return args.map((value, i) => map(value, `${place}[${i}]`));
  if (typeof args !== 'object' || args === null || args instanceof Uint8Array)
    throw invalid(
      place,
      `must be an array (for ?) or an object (for names), not ${describe(args)}`,
    );
  return Object.fromEntries(
    Object.entries(args).map(([name, value]) => [name, map(value, `${place}.${name}`)]),
  );
}

function notAValue(value: unknown, place: string): PacelineError {
  const hint =
    typeof value === 'boolean'
      ? 'which SQLite does not have; use 1 or 0'
      : 'not a SQL value; give null, a number, a string, {"$integer":…}, {"$real":…} or {"$blob":…}';
  return invalid(place, `is ${describe(value)}, ${hint}`);
}

function describe(value: unknown): string {
  if (value === undefined) return 'undefined';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

function invalid(place: string, what: string): PacelineError {
  return new PacelineError('ARGUMENTS_INVALID', `${place} ${what}`);
}
