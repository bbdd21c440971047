import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Prng } from '../../src/base/prng.ts';
import { addFrameWords } from '../../src/wal/checksum.ts';
import { frameOffset } from '../../src/wal/format.ts';
import { encodeFrames, startWal, type WalTail } from '../../src/wal/frames.ts';
import { readImage, scanWal } from '../../src/wal/reader.ts';
import { listFrames } from './lookups.ts';
import { memorySource } from './memory-source.ts';

const PAGE_SIZE = 1024;

interface Made {
  readonly bytes: Uint8Array;
  readonly tail: WalTail;
}

/** A WAL of commits with 1, 2, 3 … pages; every image is filled with its frame's number. */
function makeWal(commits: number, pageSize = PAGE_SIZE): Made {
  const { header, tail } = startWal(pageSize, 0xfffffff1, 0x80000001, 3);
  const parts = [header];
  for (let n = 1; n <= commits; n++) {
    const pages = Array.from({ length: n }, (_, i) => {
      return { pgno: i + 1, image: new Uint8Array(pageSize).fill(tail.frame + i + 1) };
    });
    parts.push(encodeFrames(tail, pages, n + 10));
  }
  return { bytes: new Uint8Array(Buffer.concat(parts)), tail };
}

test('a sound WAL is read to its end', () => {
  const { bytes, tail } = makeWal(4);
  const scan = scanWal(memorySource(bytes));
  assert.deepEqual(scan.tail, tail);
  assert.deepEqual(scan.rest, { uncommittedFrames: 0, bytes: 0, fault: null });
  assert.deepEqual(
    scan.frames.map(({ pgno, databasePages }) => [pgno, databasePages]),
    [
      [1, 11],
      [1, 0],
      [2, 12],
      [1, 0],
      [2, 0],
      [3, 13],
      [1, 0],
      [2, 0],
      [3, 0],
      [4, 14],
    ],
  );
  assert.deepEqual(listFrames(memorySource(bytes).read, scan.frames.length), scan.frames);
});

test('a WAL larger than one chunk is read whole', () => {
  const { bytes, tail } = makeWal(15, 65536);
  assert.ok(bytes.length > 4 * 1024 * 1024);
  assert.deepEqual(scanWal(memorySource(bytes)).tail, tail);
});

test('a WAL cut anywhere ends at the last commit that is whole', () => {
  const { bytes } = makeWal(3);
  for (let length = 0; length < bytes.length; length += 77) {
    const scan = scanWal(memorySource(bytes.subarray(0, length)));
    const whole = Math.max(0, Math.floor((length - 32) / (24 + PAGE_SIZE)));
    const committed = whole < 1 ? 0 : whole < 3 ? 1 : 3;
    assert.equal(scan.frames.length, committed, `cut at ${length}`);
    assert.equal(scan.rest.uncommittedFrames, whole - committed);
    const behind = length - frameOffset(PAGE_SIZE, whole + 1);
    assert.equal(scan.rest.bytes, length < 32 ? length : behind);
  }
});

test('a change of any bit ends the WAL before the frame that has it', () => {
  const { bytes } = makeWal(3);
  const prng = new Prng(5);
  for (let n = 0; n < 300; n++) {
    const at = prng.between(32, bytes.length - 1);
    const damaged = bytes.slice();
    damaged[at]! ^= 1 << prng.between(0, 7);
    const frame = 1 + Math.floor((at - 32) / (24 + PAGE_SIZE));
    const scan = scanWal(memorySource(damaged));
    assert.equal(scan.frames.length, frame <= 1 ? 0 : frame <= 3 ? 1 : 3, `byte ${at}`);
    assert.notEqual(scan.rest.fault, null);
  }
});

test('a frame without a page number is not valid, even if its checksum fits', () => {
  const { bytes, tail } = makeWal(1);
  const frame = new Uint8Array(24 + PAGE_SIZE);
  const view = new DataView(frame.buffer);
  view.setUint32(4, 11);
  view.setUint32(8, tail.salt1);
  view.setUint32(12, tail.salt2);
  const sum = { s0: tail.s0, s1: tail.s1 };
  addFrameWords(sum, new Int32Array(frame.buffer), 0, frame.length / 4, false);
  view.setUint32(16, sum.s0);
  view.setUint32(20, sum.s1);
  const scan = scanWal(memorySource(new Uint8Array(Buffer.concat([bytes, frame]))));
  assert.equal(scan.frames.length, 1);
  assert.match(scan.rest.fault ?? '', /page number is 0/);
});

test('frames of the WAL before the restart are behind the end', () => {
  const old = makeWal(3).bytes;
  const { header, tail } = startWal(PAGE_SIZE, 77, 78, 4);
  const frame = encodeFrames(tail, [{ pgno: 9, image: new Uint8Array(PAGE_SIZE) }], 20);
  old.set(header);
  old.set(frame, 32);
  const scan = scanWal(memorySource(old));
  assert.deepEqual(scan.frames, [{ frame: 1, pgno: 9, databasePages: 20 }]);
  assert.match(scan.rest.fault ?? '', /salts/);
  assert.deepEqual(listFrames(memorySource(old).read, scan.frames.length), scan.frames);
});

test('a file without a valid header is an empty WAL', () => {
  assert.deepEqual(scanWal(memorySource(new Uint8Array(0))).rest.fault, null);
  const scan = scanWal(memorySource(new Uint8Array(5000)));
  assert.equal(scan.header, null);
  assert.match(scan.rest.fault ?? '', /magic/);
});

test('images are found by frame, and a frame that is not there is an error', () => {
  const { read } = memorySource(makeWal(2).bytes);
  assert.deepEqual(readImage(read, PAGE_SIZE, 3), new Uint8Array(PAGE_SIZE).fill(3));
  assert.throws(() => readImage(read, PAGE_SIZE, 4), { code: 'DATABASE_DAMAGED' });
});
