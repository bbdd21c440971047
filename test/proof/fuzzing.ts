import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ErrorCode, PacelineError } from '../../src/base/errors.ts';
import type { Decoder } from './decoders/decoder.ts';
import { damaged, edits, parameters } from './mutations.ts';
import { INPUT_MS_MAX, Watchdog } from './watchdog.ts';

const NO_BYTES = new Uint8Array();

const watchdog = new Watchdog(INPUT_MS_MAX);

/**
 * Whether these bytes gave a value. Fails for anything that is neither a value nor an error of Paceline's with one of `codes`; the process
 * ends if it does not come to an end, with what `of` says.
 */
export function tried<T>(
  decode: () => T,
  codes: readonly ErrorCode[],
  of: { readonly name: string; readonly bytes?: Uint8Array } = { name: 'an input of these tests' },
): { value: T } | null {
  try {
    return { value: watchdog.watch(of.name, of.bytes ?? NO_BYTES, decode) };
  } catch (error) {
    assert.ok(error instanceof PacelineError, `not an error of Paceline: ${describe(error)}`);
    assert.ok(codes.includes(error.code), `${error.code}: ${error.message}`);
    return null;
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? String(error.stack) : String(error);
}

/** The three properties of a decoder: it reads what was written, and takes arbitrary and damaged bytes for what they are. */
export function fuzz<T>(target: Decoder<T>): void {
  const { name, valid, encode, decode, seal, codes = ['RECORD_DAMAGED'], runs = 1500 } = target;
  const check = target.check ?? ((value: T) => assert.deepEqual(decode(encode(value)), value));
  const take = (bytes: Uint8Array) => {
    const found = tried(() => decode(bytes), codes, { name, bytes });
    if (found !== null) check(found.value);
  };

  test(`${name} gives back what was written`, () => {
    const property = fc.property(valid, (value) => {
      assert.deepEqual(decode(Uint8Array.from(encode(value))), value);
    });
    fc.assert(property, parameters(runs / 5));
  });

  test(`${name} takes arbitrary bytes for a value or for damage`, () => {
    const bytes = fc.uint8Array({ maxLength: 300 });
    fc.assert(
      fc.property(bytes, (some) => take(Uint8Array.from(some))),
      parameters(runs),
    );
  });

  test(`${name} takes damaged bytes for a value or for damage`, () => {
    const property = fc.property(valid, edits, fc.boolean(), (value, changes, sealed) => {
      const bytes = damaged(encode(value), changes);
      if (sealed) seal?.(bytes);
      take(bytes);
    });
    fc.assert(property, parameters(runs));
  });
}
