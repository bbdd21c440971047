import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ErrorCode, PacelineError } from '../../src/base/errors.ts';
import type { Membership } from '../../src/raft/entry.ts';
import { damaged, edits, parameters } from './mutations.ts';

export interface Target<T> {
  /** As in "<name> gives …". */
  readonly name: string;
  readonly valid: fc.Arbitrary<T>;
  readonly encode: (value: T) => Uint8Array;
  readonly decode: (bytes: Uint8Array) => T;
  /** The only codes that damage may have. */
  readonly codes?: readonly ErrorCode[];
  /** Makes what a checksum covers sound again, so that damage behind it is met. */
  readonly seal?: (bytes: Uint8Array) => void;
  /** What must hold for everything that decodes; by default that it can be encoded, and then is read the same. */
  readonly check?: (value: T) => void;
  readonly runs?: number;
}

/** Whether these bytes gave a value. Fails for anything that is neither a value nor an error of Paceline's with one of `codes`. */
export function tried<T>(decode: () => T, codes: readonly ErrorCode[]): { value: T } | null {
  try {
    return { value: decode() };
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
export function fuzz<T>(target: Target<T>): void {
  const { name, valid, encode, decode, seal, codes = ['RECORD_DAMAGED'], runs = 1500 } = target;
  const check = target.check ?? ((value: T) => assert.deepEqual(decode(encode(value)), value));
  const take = (bytes: Uint8Array) => {
    const found = tried(() => decode(bytes), codes);
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

/** With the prototype that decoded objects have, for strict comparison. */
export function record<T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record<T>(model, { noNullPrototype: true }) as fc.Arbitrary<T>;
}

export const count = fc.oneof(fc.nat(1000), fc.maxSafeNat());
export const u32 = fc.oneof(fc.nat(300), fc.integer({ min: 0, max: 2 ** 32 - 1 }));
export const text = fc.string({ unit: 'grapheme', maxLength: 20 });
export const bytes = fc.uint8Array({ maxLength: 40 }).map((some) => Uint8Array.from(some));
export const entryId = record({ term: count, index: count });
export const membership: fc.Arbitrary<Membership> = fc
  .uniqueArray(record({ id: text, address: text, voter: fc.boolean() }), {
    maxLength: 5,
    selector: ({ id }) => id,
  })
  .map((members) => members.toSorted((a, b) => (a.id < b.id ? -1 : 1)));
