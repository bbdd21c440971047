import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Prng } from '../../src/base/prng.ts';
import { blockOf, framesBefore, IndexBlock, readBlock } from '../../src/wal/wal-index-hash.ts';
import { findInBlock } from './lookups.ts';
import { memorySource } from './memory-source.ts';

test('the first block holds 4062 frames, every other one 4096', () => {
  assert.deepEqual([1, 4062, 4063, 8158, 8159].map(blockOf), [0, 0, 1, 1, 2]);
  assert.deepEqual([0, 1, 2].map(framesBefore), [0, 4062, 8158]);
  assert.equal(IndexBlock.empty(0).capacity, 4062);
  assert.equal(IndexBlock.empty(1).capacity, 4096);
});

test('page numbers and hash slots lie where the format puts them', () => {
  const first = IndexBlock.empty(0);
  assert.equal(first.insert(1, 3), (3 * 383) & 8191);
  const view = new DataView(first.bytes.buffer);
  assert.equal(view.getUint32(136, true), 3);
  assert.equal(view.getUint16(16384 + 2 * 3 * 383, true), 1);
  assert.deepEqual(first.pgnoSpan(1, 2), { from: 136, to: 144 });
  assert.deepEqual(first.span, { from: 136, to: 32768 });
  assert.deepEqual(IndexBlock.empty(5).span, { from: 0, to: 32768 });
  assert.deepEqual(first.slotSpan(0, 8191), { from: 16384, to: 32768 });
});

test('the same page again goes into the next free slot, around the end of the table', () => {
  const block = IndexBlock.empty(0);
  // 383 has an inverse modulo 8192, so some page hashes to the last slot.
  const pgno = Array.from({ length: 8192 }, (_, i) => i + 1).find(
    (p) => ((p * 383) & 8191) === 8191,
  );
  assert.ok(pgno !== undefined);
  assert.deepEqual(
    [1, 2, 3].map((index) => block.insert(index, pgno)),
    [8191, 0, 1],
  );
  assert.equal(findInBlock(block, pgno, 3), 3);
  assert.equal(findInBlock(block, pgno, 2), 2);
});

test('large page numbers hash as unsigned 32-bit arithmetic does', () => {
  const pgno = 0xfffffffe;
  const expected = Number((BigInt(pgno) * 383n) & 8191n);
  assert.equal(IndexBlock.empty(0).insert(1, pgno), expected);
});

test('a full block finds the latest entry at or below any limit', () => {
  const block = IndexBlock.empty(1);
  const prng = new Prng(3);
  const pgnos = Array.from({ length: block.capacity }, () => prng.between(1, 900));
  pgnos.forEach((pgno, i) => {
    block.insert(i + 1, pgno);
  });
  for (let n = 0; n < 2000; n++) {
    const pgno = prng.between(1, 950);
    const limit = prng.between(0, block.capacity);
    assert.equal(findInBlock(block, pgno, limit), pgnos.slice(0, limit).lastIndexOf(pgno) + 1);
  }
});

test('cleaning leaves exactly what was entered up to the limit', () => {
  const prng = new Prng(4);
  for (const limit of [1, 17, 500]) {
    const block = IndexBlock.empty(0);
    const expected = IndexBlock.empty(0);
    for (let index = 1; index <= 500; index++) {
      const pgno = prng.between(1, 200);
      block.insert(index, pgno);
      if (index <= limit) expected.insert(index, pgno);
    }
    assert.equal(block.clean(limit), limit < 500);
    assert.deepEqual(block.bytes, expected.bytes);
    assert.equal(block.clean(limit), false);
  }
});

test('an index in use or outside the block trips an assertion', () => {
  const block = IndexBlock.empty(0);
  block.insert(1, 5);
  assert.throws(() => block.insert(1, 6), /in use/);
  assert.throws(() => block.insert(4063, 6), /outside/);
});

test('a hash table that is full, or a block that is missing, is damage, not an endless search', () => {
  const full = new IndexBlock(1, new Uint8Array(32768).fill(1, 16384));
  assert.throws(() => full.insert(1, 5), { code: 'DATABASE_DAMAGED' });
  assert.throws(() => readBlock(memorySource(new Uint8Array(40_000)).read, 1), {
    code: 'DATABASE_DAMAGED',
  });
});
