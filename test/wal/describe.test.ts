import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeWal, describeWalIndex } from '../../src/wal/describe.ts';
import { encodeFrames, startWal } from '../../src/wal/frames.ts';
import { encodeWalIndexHeader } from '../../src/wal/wal-index.ts';
import { memorySource } from './memory-source.ts';

test('a WAL is described by its header, its frames, and what follows', () => {
  const { header, tail } = startWal(512, 0xab, 2, 5);
  const image = new Uint8Array(512);
  const frames = encodeFrames(
    tail,
    [
      { pgno: 1, image },
      { pgno: 4, image },
    ],
    6,
  );
  const bytes = new Uint8Array(Buffer.concat([header, frames, frames.subarray(0, 600)]));
  assert.deepEqual(
    [...describeWal(memorySource(bytes))],
    [
      'wal  page size 512  sequence 5  salts 000000ab 00000002  checksums little-endian',
      'frame 1  page 1',
      'frame 2  page 4  commit, database of 6 pages',
      'end  2 committed frames, 600 bytes behind, the checksum does not fit',
    ],
  );
});

test('uncommitted frames and files that are no WAL are described, too', () => {
  const { header, tail } = startWal(512, 1, 2, 5);
  const image = new Uint8Array(512);
  const frames = encodeFrames(
    tail,
    [
      { pgno: 1, image },
      { pgno: 4, image },
    ],
    6,
  );
  const cut = new Uint8Array(Buffer.concat([header, frames.subarray(0, 536)]));
  assert.equal(
    [...describeWal(memorySource(cut))].at(-1),
    'end  0 committed frames, 1 uncommitted frames',
  );
  assert.deepEqual(
    [...describeWal(memorySource(new Uint8Array(40)))],
    ['end  0 committed frames, 40 bytes behind, the magic number is 00000000'],
  );
});

test('a wal-index is described by its header and checkpoint fields', () => {
  const fields = { changeCounter: 7, bigEndianChecksum: false, pageSize: 512, mxFrame: 3 };
  const rest = { databasePages: 9, s0: 1, s1: 2, salt1: 3, salt2: 4 };
  const header = encodeWalIndexHeader({ ...fields, ...rest });
  const bytes = new Uint8Array(136);
  bytes.set(header);
  bytes.set(header, 48);
  bytes.fill(255, 104, 120);
  bytes[96] = 2;
  assert.deepEqual(
    [...describeWalIndex(memorySource(bytes).read)],
    [
      'wal-index  mxFrame 3  database of 9 pages of 512  salts 00000003 00000004  change 7',
      'checkpoint  backfilled 2  attempted 0  read marks 0 - - - -',
    ],
  );
  bytes[0] = 9;
  assert.deepEqual(
    [...describeWalIndex(memorySource(bytes).read)],
    ['wal-index  not usable: the two headers differ'],
  );
});
