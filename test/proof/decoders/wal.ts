/** SQLite's WAL and wal-index. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { positionInPage } from '../../../src/sqlite/position-page.ts';
import { addBytes } from '../../../src/wal/checksum.ts';
import { describeWal, describeWalIndex } from '../../../src/wal/describe.ts';
import {
  decodeFrameHeader,
  decodePageSize,
  decodeWalHeader,
  encodeWalHeader,
  WAL_HEADER_BYTES,
  walHeaderFault,
} from '../../../src/wal/format.ts';
import { encodeFrames, startWal } from '../../../src/wal/frames.ts';
import { readPageNumbers } from '../../../src/wal/lookup.ts';
import { readImage, scanWal } from '../../../src/wal/reader.ts';
import {
  decodeCheckpointInfo,
  decodeWalIndexHeader,
  encodeWalIndexHeader,
  WAL_INDEX_HEAD_BYTES,
  walIndexFault,
} from '../../../src/wal/wal-index.ts';
import { BLOCK_BYTES, readBlock } from '../../../src/wal/wal-index-hash.ts';
import { memorySource } from '../../wal/memory-source.ts';
import { record, u32 } from './arbitraries.ts';
import { type Decoder, decoder, ignoreRefusal, reader } from './decoder.ts';

export const PAGE_SIZE = 512;

/** A WAL of commits of one to three pages. */
export const wal = fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 4 }).map((commits) => {
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

export const indexHeader = record({
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

export function headOf(header: Uint8Array): Uint8Array {
  const head = new Uint8Array(WAL_INDEX_HEAD_BYTES);
  head.set(header);
  head.set(header, header.length);
  return head;
}

/** Long enough to be asked for: who calls sees to that. */
function padded(some: Uint8Array, length: number): Uint8Array {
  const whole = new Uint8Array(Math.max(length, some.length));
  whole.set(some);
  return whole;
}

function describeAll(lines: Iterable<unknown>): void {
  assert.ok([...lines].length >= 0);
}

export const WAL: readonly Decoder<unknown>[] = [
  decoder({
    name: 'the decoder of WAL headers',
    of: ['wal/format.ts decodeWalHeader'],
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
  }),
  decoder({
    name: 'the decoder of wal-index headers',
    of: ['wal/wal-index.ts decodeWalIndexHeader', 'wal/format.ts decodePageSize'],
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
  }),
  reader({
    name: 'the blocks of a wal-index',
    of: [
      'wal/wal-index-hash.ts readBlock',
      'wal/lookup.ts readPageNumbers',
      'wal/wal-index.ts walIndexFault',
      'wal/describe.ts describeWalIndex',
    ],
    valid: indexHeader.map((header) => padded(headOf(encodeWalIndexHeader(header)), BLOCK_BYTES)),
    read: (some) => {
      const { read } = memorySource(some);
      describeAll(describeWalIndex(read));
      walIndexFault(padded(some, WAL_INDEX_HEAD_BYTES));
      describeAll(readPageNumbers(read, 4000));
      readBlock(read, 0);
    },
    codes: ['DATABASE_DAMAGED'],
  }),
  reader({
    name: 'the page that has the position',
    of: ['sqlite/position-page.ts positionInPage'],
    valid: fc.constant(Uint8Array.from([0x0d, 0, 0, 0, 1, 0, 0, 0, 0, 10, 9, 1, 8, 0, 15])),
    read: (some) => positionInPage(padded(some, 512), 'c'),
  }),
  reader({
    name: 'the scan of a WAL',
    of: [
      'wal/reader.ts scanWal',
      'wal/reader.ts readImage',
      'wal/describe.ts describeWal',
      'wal/format.ts decodeFrameHeader',
      'wal/format.ts walHeaderFault',
    ],
    valid: wal,
    read: (some) => {
      const source = memorySource(some);
      scanWal(source);
      describeAll(describeWal(source));
      walHeaderFault(some);
      ignoreRefusal(() => readImage(source.read, PAGE_SIZE, 1));
      decodeFrameHeader(padded(some, 24));
    },
  }),
  reader({
    name: 'the decoder of what was checkpointed',
    of: ['wal/wal-index.ts decodeCheckpointInfo'],
    valid: fc.constant(new Uint8Array(WAL_INDEX_HEAD_BYTES)),
    read: (some) => {
      decodeCheckpointInfo(padded(some, WAL_INDEX_HEAD_BYTES));
      decodePageSize(some[0] ?? 0);
    },
  }),
];
