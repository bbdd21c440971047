import fc from 'fast-check';
import type { Membership } from '../../../src/raft/entry.ts';

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

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
