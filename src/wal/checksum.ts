import { wordsOf } from '../base/words.ts';

/**
 * The running checksum of a WAL: two 32-bit sums, each fed into the other, over pairs of words
 * (https://sqlite.org/fileformat2.html#checksum_algorithm). Unsigned; advanced in place.
 */
export interface WalChecksum {
  s0: number;
  s1: number;
}

/**
 * Advances `sum` over words[from, to); an even number of them. This loop runs over every page that
 * a follower applies. It is bound by the chain of additions, so unrolling only has to hide the
 * loop.
 */
function addWords(sum: WalChecksum, words: Int32Array, from: number, to: number): void {
  let s0 = sum.s0 | 0;
  let s1 = sum.s1 | 0;
  let i = from;
  for (const end = to - 7; i < end; i += 8) {
    s0 = (s0 + ((words[i]! + s1) | 0)) | 0;
    s1 = (s1 + ((words[i + 1]! + s0) | 0)) | 0;
    s0 = (s0 + ((words[i + 2]! + s1) | 0)) | 0;
    s1 = (s1 + ((words[i + 3]! + s0) | 0)) | 0;
    s0 = (s0 + ((words[i + 4]! + s1) | 0)) | 0;
    s1 = (s1 + ((words[i + 5]! + s0) | 0)) | 0;
    s0 = (s0 + ((words[i + 6]! + s1) | 0)) | 0;
    s1 = (s1 + ((words[i + 7]! + s0) | 0)) | 0;
  }
  for (; i < to; i += 2) {
    s0 = (s0 + ((words[i]! + s1) | 0)) | 0;
    s1 = (s1 + ((words[i + 1]! + s0) | 0)) | 0;
  }
  sum.s0 = s0 >>> 0;
  sum.s1 = s1 >>> 0;
}

/**
 * Of a frame's six header words, the first two (page number, size) are summed; salts and sums are
 * not.
 */
const FRAME_HEADER_WORDS = 6;
const FRAME_SUMMED_WORDS = 2;

/**
 * Advances `sum` over the frame of `length` words that begins at word `at`: part of its header, and
 * its image.
 */
export function addFrameWords(
  sum: WalChecksum,
  words: Int32Array,
  at: number,
  length: number,
  bigEndian: boolean,
): void {
  if (bigEndian) {
    addFrameWords(sum, swapped(words.subarray(at, at + length)), 0, length, false);
    return;
  }
  addWords(sum, words, at, at + FRAME_SUMMED_WORDS);
  addWords(sum, words, at + FRAME_HEADER_WORDS, at + length);
}

/**
 * Advances `sum` over `bytes` (a multiple of 8), taken as words of the order that the WAL's magic
 * number names: a WAL keeps the order of the machine that began it.
 */
export function addBytes(sum: WalChecksum, bytes: Uint8Array, bigEndian: boolean): void {
  const words = wordsOf(bytes);
  addWords(sum, bigEndian ? swapped(words) : words, 0, words.length);
}

function swapped(words: Int32Array): Int32Array {
  return words.map((w) => (w << 24) | ((w & 0xff00) << 8) | ((w >>> 8) & 0xff00) | (w >>> 24));
}
