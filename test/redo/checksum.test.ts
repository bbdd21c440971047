import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Prng } from '../../src/base/prng.ts';
import {
  checksumFromBytes,
  checksumFromHex,
  DatabaseChecksum,
  lockBytePage,
} from '../../src/redo/checksum.ts';
import { PageHasher } from '../../src/redo/page-hash.ts';
import { MemoryDatabase, randomPage } from './pages.ts';

test('replacing page by page gives what a fresh count gives', () => {
  const prng = new Prng(1);
  const database = new MemoryDatabase(512);
  const hasher = new PageHasher();
  const sum = new DatabaseChecksum();
  for (let n = 0; n < 200; n++) {
    const { images } = database;
    const at = prng.between(0, images.length);
    const before = images[at];
    const image = randomPage(prng, 512);
    const old = before === undefined ? null : hasher.hash(at + 1, before).take();
    images[at] = image;
    sum.replace(old, hasher.hash(at + 1, image));
    if (prng.chance(0.2)) sum.replace(hasher.hash(images.length, images.pop()!), null);
    assert.ok(sum.equals(database.checksum()));
  }
});

test('a value taken stays as it is', () => {
  const sum = new DatabaseChecksum({ hi: 1, lo: 2 });
  const value = sum.take();
  sum.replace(null, { hi: 0xffffffff, lo: 0xffffffff });
  assert.deepEqual(value, { hi: 1, lo: 2 });
  assert.deepEqual(sum.take(), { hi: 0xfffffffe, lo: 0xfffffffd });
  assert.equal(sum.equals(value), false);
  assert.throws(() => sum.replace(null, null), /before or after/);
});

test('hex and bytes lead back to the checksum', () => {
  const sum = new DatabaseChecksum({ hi: 0x00abcdef, lo: 0xfedcba98 });
  assert.equal(sum.toHex(), '00abcdeffedcba98');
  assert.deepEqual(checksumFromHex(sum.toHex()), sum.take());
  assert.deepEqual([...sum.toBytes()], [0, 0xab, 0xcd, 0xef, 0xfe, 0xdc, 0xba, 0x98]);
  assert.deepEqual(checksumFromBytes(sum.toBytes()), sum.take());
});

test('what is no checksum is refused', () => {
  for (const hex of [
    '',
    '00abcdeffedcba9',
    '00ABCDEFFEDCBA98',
    '00abcdeffedcba98\n',
    'g'.repeat(16),
  ]) {
    assert.throws(() => checksumFromHex(hex), { code: 'RECORD_DAMAGED' });
  }
  assert.throws(() => checksumFromBytes(new Uint8Array(7)), { code: 'RECORD_DAMAGED' });
});

test('the lock-byte page is the one at one gibibyte', () => {
  assert.equal(lockBytePage(4096), 262145);
  assert.equal(lockBytePage(65536), 16385);
});
