import { assert } from './assert.ts';

/**
 * 32-bit words of byte strings, in the order of the machine. The wal-index is written in that
 * order, and page checksums run over such words for speed; Paceline supports little-endian machines
 * only (all that Node is built for, but s390x), and says so at the start rather than diverging.
 */
const LITTLE_ENDIAN = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;
assert(LITTLE_ENDIAN, 'Paceline needs a little-endian machine');

/**
 * The words of `bytes`: a view where the memory is aligned, an aligned copy where it is not. Read
 * only: whether a write would reach `bytes` depends on the alignment.
 */
export function wordsOf(bytes: Uint8Array): Int32Array {
  assert(bytes.length % 4 === 0, `${bytes.length} bytes are not whole words`);
  if (bytes.byteOffset % 4 === 0) {
    return new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >>> 2);
  }
  return new Int32Array(bytes.slice().buffer);
}
