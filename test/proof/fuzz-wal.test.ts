/**
 * SQLite's WAL and wal-index, which a crash, a bad disk or a foreign program may leave in any state. FUZZ_FACTOR=100 runs a hundred
 * times as long; FUZZ_SEED repeats.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { addBytes } from '../../src/wal/checksum.ts';
import { describeWal, describeWalIndex } from '../../src/wal/describe.ts';
import {
  decodeWalHeader,
  encodeWalHeader,
  frameOffset,
  WAL_HEADER_BYTES,
} from '../../src/wal/format.ts';
import { encodeFrames, startWal } from '../../src/wal/frames.ts';
import { findFrame, latestFrames } from '../../src/wal/lookup.ts';
import { listFrames, readImage, scanWal } from '../../src/wal/reader.ts';
import {
  decodeCheckpointInfo,
  decodeWalIndexHeader,
  encodeWalIndexHeader,
  WAL_INDEX_HEAD_BYTES,
  walIndexFault,
} from '../../src/wal/wal-index.ts';
import { BLOCK_BYTES, IndexBlock } from '../../src/wal/wal-index-hash.ts';
import { memorySource } from '../wal/memory-source.ts';
import { fuzz, record, tried, u32 } from './fuzzing.ts';
import { damaged, edits, parameters } from './mutations.ts';

const PAGE_SIZE = 512;

/** A WAL of commits of one to three pages. */
const wal = fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 4 }).map((commits) => {
  const { header, tail } = startWal(PAGE_SIZE, 0xfffffff1, 0x80000001, 3);
  const parts = [header];
  for (const pages of commits) {
    const images = Array.from({ length: pages }, (_, i) => ({
      pgno: i + 1,
      image: new Uint8Array(PAGE_SIZE).fill(i + 1),
    }));
    parts.push(encodeFrames(tail, images, pages));
  }
  return new Uint8Array(Buffer.concat(parts));
});

fuzz({
  name: 'the decoder of WAL headers',
  valid: record({
    pageSize: fc.constantFrom(512, 4096, 65536),
    checkpointSequence: u32,
    salt1: u32,
    salt2: u32,
  }).map((fields) => decodeWalHeader(encodeWalHeader(fields))),
  encode: encodeWalHeader,
  decode: decodeWalHeader,
  // Of the two byte orders of checksums this machine's is the one that is written.
  check: (header) =>
    assert.ok(
      header.bigEndianChecksum || decodeWalHeader(encodeWalHeader(header)).salt1 === header.salt1,
    ),
  seal: (some) => {
    if (some.length < WAL_HEADER_BYTES) return;
    const view = new DataView(some.buffer, some.byteOffset, some.length);
    const sum = { s0: 0, s1: 0 };
    addBytes(sum, some.subarray(0, 24), (view.getUint32(0) & 1) === 1);
    view.setUint32(24, sum.s0);
    view.setUint32(28, sum.s1);
  },
});

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

test('a listing of frames, and images by frame, take any bytes for what is there or for damage', () => {
  const property = fc.property(
    fc.oneof(wal, fc.uint8Array({ maxLength: 600 })),
    edits,
    u32,
    (whole, changes, frame) => {
      const { read } = memorySource(damaged(whole, changes));
      tried(() => [...listFrames(read)], ['RECORD_DAMAGED']);
      tried(() => readImage(read, PAGE_SIZE, Math.max(1, frame)), ['DATABASE_DAMAGED']);
    },
  );
  fc.assert(property, parameters(1500));
});

const indexHeader = record({
  changeCounter: u32,
  bigEndianChecksum: fc.boolean(),
  pageSize: fc.constantFrom(512, 4096, 65536),
  mxFrame: u32,
  databasePages: u32,
  s0: u32,
  s1: u32,
  salt1: u32,
  salt2: u32,
});

function headOf(header: Uint8Array): Uint8Array {
  const head = new Uint8Array(WAL_INDEX_HEAD_BYTES);
  head.set(header);
  head.set(header, header.length);
  return head;
}

fuzz({
  name: 'the decoder of wal-index headers',
  valid: indexHeader,
  encode: (header) => headOf(encodeWalIndexHeader(header)),
  decode: decodeWalIndexHeader,
  codes: ['DATABASE_DAMAGED'],
  check: ({ pageSize }) => assert.ok(pageSize === 0 || pageSize >= 512),
  seal: (head) => {
    if (head.length < 96) return;
    const view = new DataView(head.buffer, head.byteOffset, head.length);
    const sum = { s0: 0, s1: 0 };
    addBytes(sum, head.subarray(0, 40), false);
    view.setUint32(40, sum.s0, true);
    view.setUint32(44, sum.s1, true);
    head.copyWithin(48, 0, 48);
  },
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

test('lookups in a damaged wal-index find a frame or damage, and end', () => {
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
      const found = tried(() => findFrame(read, pgno, limit), ['DATABASE_DAMAGED']);
      if (found !== null) assert.ok(found.value <= limit);
      tried(() => latestFrames(read, limit), ['DATABASE_DAMAGED']);
    },
  );
  fc.assert(property, parameters(300));
});
