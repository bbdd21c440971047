import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Scratch } from '../../src/base/scratch.ts';

test('small pieces come from the same memory, large ones are not kept', () => {
  const scratch = new Scratch();
  const first = scratch.take(1000);
  assert.equal(first.length, 1000);
  assert.equal(scratch.take(600).buffer, first.buffer);
  assert.equal(scratch.take(600).length, 600);
  const large = scratch.take(3 * 2 ** 20);
  assert.equal(large.length, 3 * 2 ** 20);
  assert.notEqual(scratch.take(3 * 2 ** 20).buffer, large.buffer);
  assert.equal(scratch.take(10).byteOffset, 0);
});
