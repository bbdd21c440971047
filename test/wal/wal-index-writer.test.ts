import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startWal, type WalTail } from '../../src/wal/frames.ts';
import { decodeWalIndexHeader, encodeWalIndexHeader } from '../../src/wal/wal-index.ts';
import { type FileWrite, WalIndexWriter } from '../../src/wal/wal-index-writer.ts';
import { findFrame, latestFrames } from './lookups.ts';

const PAGE_SIZE = 512;
const image = new Uint8Array(PAGE_SIZE);

/** A -shm file in memory, as SQLite makes it for a database without a WAL. */
class MemoryShm {
  bytes = new Uint8Array(32768);

  constructor() {
    const fields = { changeCounter: 0, bigEndianChecksum: false, pageSize: PAGE_SIZE, mxFrame: 0 };
    const rest = { databasePages: 0, s0: 0, s1: 0, salt1: 0, salt2: 0 };
    const header = encodeWalIndexHeader({ ...fields, ...rest });
    this.write([
      { offset: 0, bytes: header },
      { offset: 48, bytes: header },
    ]);
  }

  readonly read = (offset: number, length: number): Uint8Array => {
    return this.bytes.slice(offset, offset + length);
  };

  write(writes: readonly FileWrite[]): void {
    for (const { offset, bytes } of writes) {
      const size = Math.max(this.bytes.length, offset + bytes.length);
      const grown = new Uint8Array(size);
      grown.set(this.bytes);
      grown.set(bytes, offset);
      this.bytes = grown;
    }
  }
}

function append(writer: WalIndexWriter, tail: WalTail, pgnos: readonly number[]): FileWrite[] {
  tail.frame += pgnos.length;
  return writer.append(
    pgnos.map((pgno) => ({ pgno, image })),
    tail,
    1000,
  );
}

test('the first commit writes the whole block, later ones only what they touch', () => {
  const shm = new MemoryShm();
  const writer = new WalIndexWriter(shm.read);
  const { tail } = startWal(PAGE_SIZE, 1, 2, 0);
  const places = (writes: readonly FileWrite[]) => {
    return writes.map(({ offset, bytes }) => [offset, bytes.length]);
  };
  assert.deepEqual(places(append(writer, tail, [3])), [
    [136, 32768 - 136],
    [48, 48],
    [0, 48],
  ]);
  const slot = (pgno: number) => 16384 + pgno * 383 * 2;
  assert.deepEqual(places(append(writer, tail, [5])), [
    [140, 4],
    [slot(5), 2],
    [48, 48],
    [0, 48],
  ]);
  assert.deepEqual(places(append(writer, tail, [9, 7])), [
    [144, 8],
    [slot(7), slot(9) - slot(7) + 2],
    [48, 48],
    [0, 48],
  ]);
});

test('nothing is visible before the headers are written, and they go last', () => {
  const shm = new MemoryShm();
  const writer = new WalIndexWriter(shm.read);
  const { tail } = startWal(PAGE_SIZE, 1, 2, 0);
  const writes = append(writer, tail, [3, 4, 5]);
  const last = writes.pop();
  assert.ok(last !== undefined);
  const before = shm.read(0, 48);
  shm.write(writes);
  assert.deepEqual(shm.read(0, 48), before);
  shm.write([last]);
  assert.equal(decodeWalIndexHeader(shm.bytes).mxFrame, 3);
});

test('one commit can fill several blocks', () => {
  const shm = new MemoryShm();
  const writer = new WalIndexWriter(shm.read);
  const { tail } = startWal(PAGE_SIZE, 1, 2, 0);
  const pgnos = Array.from({ length: 9000 }, (_, i) => (i % 900) + 1);
  shm.write(append(writer, tail, pgnos.slice(0, 4000)));
  shm.write(append(writer, tail, pgnos.slice(4000)));
  assert.equal(shm.bytes.length, 3 * 32768);
  const latest = new Map(pgnos.map((pgno, i) => [pgno, i + 1]));
  assert.deepEqual(latestFrames(shm.read, 9000), latest);
  for (const [pgno, frame] of latest) assert.equal(findFrame(shm.read, pgno, 9000), frame);
});

test('a block that fills up exactly is followed by a new one, also after taking up again', () => {
  for (const again of [false, true]) {
    const shm = new MemoryShm();
    let writer = new WalIndexWriter(shm.read);
    const { tail } = startWal(PAGE_SIZE, 1, 2, 0);
    shm.write(
      append(
        writer,
        tail,
        Array.from({ length: 4062 }, (_, i) => (i % 50) + 1),
      ),
    );
    assert.equal(shm.bytes.length, 32768);
    assert.equal(writer.isCurrent(shm.read), true);
    if (again) writer = new WalIndexWriter(shm.read);
    shm.write(append(writer, tail, [77]));
    assert.equal(latestFrames(shm.read, 4063).get(77), 4063);
    assert.equal(writer.isCurrent(shm.read), true);
  }
});

test('what a block held before its first use is zeroed', () => {
  const shm = new MemoryShm();
  shm.bytes.fill(0xee, 136);
  const writer = new WalIndexWriter(shm.read);
  const { tail } = startWal(PAGE_SIZE, 1, 2, 0);
  shm.write(append(writer, tail, [3]));
  assert.deepEqual([...new Set(shm.bytes.subarray(140, 16384))], [0]);
});

test('entries that a failed append left behind are removed before their place is used', () => {
  const shm = new MemoryShm();
  const { tail } = startWal(PAGE_SIZE, 1, 2, 0);
  shm.write(append(new WalIndexWriter(shm.read), tail, [3, 4]));
  const failed = new WalIndexWriter(shm.read);
  shm.write(append(failed, { ...tail }, [10, 11, 12]).slice(0, -2));
  const writer = new WalIndexWriter(shm.read);
  shm.write(append(writer, tail, [20]));
  const clean = new MemoryShm();
  const fresh = startWal(PAGE_SIZE, 1, 2, 0).tail;
  const other = new WalIndexWriter(clean.read);
  clean.write(append(other, fresh, [3, 4]));
  clean.write(append(other, fresh, [20]));
  assert.deepEqual(shm.bytes, clean.bytes);
});

test('an append that does not follow the last commit trips an assertion', () => {
  const shm = new MemoryShm();
  const writer = new WalIndexWriter(shm.read);
  const { tail } = startWal(PAGE_SIZE, 1, 2, 0);
  tail.frame = 5;
  assert.throws(() => append(writer, tail, [3]), /follow/);
});

test('a wal-index that is damaged or cut is refused', () => {
  const shm = new MemoryShm();
  const { tail } = startWal(PAGE_SIZE, 1, 2, 0);
  shm.write(append(new WalIndexWriter(shm.read), tail, [3]));
  shm.bytes = shm.bytes.slice(0, 30_000);
  assert.throws(() => new WalIndexWriter(shm.read), { code: 'DATABASE_DAMAGED' });
  shm.bytes[17] = 9;
  assert.throws(() => new WalIndexWriter(shm.read), { code: 'DATABASE_DAMAGED' });
});
