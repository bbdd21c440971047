import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LruSlots } from '../../src/sqlite/lru-slots.ts';

const SLOTS = 4;
const pgno = fc.integer({ min: 1, max: 8 });
const step = fc.oneof(
  pgno.map((page) => ({ kind: 'use', page }) as const),
  pgno.map((page) => ({ kind: 'remove', page }) as const),
  fc.constant({ kind: 'oldest' } as const),
);

test('slots are given up in the order in which their pages were last used, whatever happens between', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const slots = new LruSlots(SLOTS);
      const free = [0, 1, 2, 3];
      // Insertion order of a Map is the order of use.
      const model = new Map<number, number>();
      const oldest = () => {
        const [first] = model;
        if (first !== undefined) model.delete(first[0]);
        assert.equal(slots.removeOldest(), first?.[1]);
        return first?.[1];
      };
      for (const one of steps) {
        if (one.kind === 'oldest') {
          const slot = oldest();
          if (slot !== undefined) free.push(slot);
        } else if (one.kind === 'remove') {
          const slot = model.get(one.page);
          assert.equal(slots.remove(one.page), slot);
          model.delete(one.page);
          if (slot !== undefined) free.push(slot);
        } else {
          const known = model.get(one.page);
          assert.equal(slots.touch(one.page), known);
          const slot = known ?? free.pop() ?? oldest()!;
          if (known === undefined) slots.add(one.page, slot);
          model.delete(one.page);
          model.set(one.page, slot);
        }
        assert.equal(slots.size, model.size);
      }
    }),
  );
});
