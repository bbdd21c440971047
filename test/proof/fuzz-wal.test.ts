/**
 * SQLite's WAL and wal-index, which a crash, a bad disk or a foreign program may leave in any state. FUZZ_FACTOR=100 runs a hundred
 * times as long; FUZZ_SEED repeats.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { describeWal, describeWalIndex } from '../../src/wal/describe.ts';
import { frameOffset } from '../../src/wal/format.ts';
import { readPageNumbers } from '../../src/wal/lookup.ts';
import { readImage, scanWal } from '../../src/wal/reader.ts';
import {
  decodeCheckpointInfo,
  encodeWalIndexHeader,
  WAL_INDEX_HEAD_BYTES,
  walIndexFault,
} from '../../src/wal/wal-index.ts';
import { BLOCK_BYTES, IndexBlock } from '../../src/wal/wal-index-hash.ts';
import { memorySource } from '../wal/memory-source.ts';
import { u32 } from './decoders/arbitraries.ts';
import { headOf, indexHeader, PAGE_SIZE, wal } from './decoders/wal.ts';
import { tried } from './fuzzing.ts';
import { damaged, edits, parameters } from './mutations.ts';

test('a scan of any WAL ends inside the file, in what was written and not altered', () => {
  const property = fc.property(wal, fc.option(edits), (whole, changes) => {
    const some = changes === null ? whole : damaged(whole, changes);
    const source = memorySource(some);
    const { frames, header, tail } = scanWal(source);
    assert.equal(header === null, tail === null);
    if (tail === null) return;
    assert.equal(tail.frame, frames.length);
    assert.ok(frameOffset(tail.pageSize, tail.frame + 1) <= some.length);
    const end = frameOffset(tail.pageSize, tail.frame + 1);
    assert.ok(
      Buffer.from(some.subarray(0, end)).equals(whole.subarray(0, end)),
      'an altered frame was accepted',
    );
    assert.ok([...describeWal(source)].length > 0);
  });
  fc.assert(property, parameters(1500));
});

test('images by frame take any bytes for what is there or for damage', () => {
  const property = fc.property(
    fc.oneof(wal, fc.uint8Array({ maxLength: 600 })),
    edits,
    u32,
    (whole, changes, frame) => {
      const { read } = memorySource(damaged(whole, changes));
      tried(() => readImage(read, PAGE_SIZE, Math.max(1, frame)), ['DATABASE_DAMAGED']);
    },
  );
  fc.assert(property, parameters(1500));
});

test('the head of any wal-index can be described', () => {
  const property = fc.property(indexHeader, edits, (header, changes) => {
    const head = damaged(headOf(encodeWalIndexHeader(header)), changes);
    assert.ok([...describeWalIndex(memorySource(head).read)].length > 0);
    if (head.length >= WAL_INDEX_HEAD_BYTES && walIndexFault(head) === null)
      decodeCheckpointInfo(head);
  });
  fc.assert(property, parameters(1500));
});

test('page numbers of a damaged wal-index are read, and one is entered, or it is damage, and both end', () => {
  const block = IndexBlock.empty(0);
  for (let i = 1; i <= 300; i++) block.insert(i, (i % 40) + 1);
  const place = fc.integer({ min: 0, max: BLOCK_BYTES - 4 });
  const property = fc.property(
    fc.array(fc.tuple(place, u32, fc.integer({ min: 4, max: 9000 })), { maxLength: 5 }),
    fc.nat(50),
    fc.nat(9000),
    (writes, pgno, limit) => {
      const some = block.bytes.slice();
      const view = new DataView(some.buffer);
      for (const [at, value, length] of writes)
        for (let i = at & ~3; i + 4 <= Math.min(some.length, at + length); i += 4)
          view.setUint32(i, value, true);
      const { read } = memorySource(some);
      tried(() => [...readPageNumbers(read, limit)], ['DATABASE_DAMAGED']);
      const cleaned = new IndexBlock(0, some);
      cleaned.clean(300);
      tried(() => cleaned.insert(301, pgno + 1), ['DATABASE_DAMAGED']);
    },
  );
  fc.assert(property, parameters(300));
});
