import { assert } from '../base/assert.ts';
import { PacelineError } from '../base/errors.ts';
import { wordsOf } from '../base/words.ts';

/**
 * Differences of two page images, in words of four bytes: for each run of changed words the number
 * of unchanged ones before it, its length, and its new content. Both numbers are one to three
 * bytes, seven bits each, the lowest first, the top bit set in all but the last.
 */

/** A delta larger than this share of the page saves too little for the base that it needs. */
const WORTH_NUMERATOR = 3;
const WORTH_DENOMINATOR = 4;

/**
 * Unchanged stretches up to this long stay within a run: starting another costs two bytes and time.
 */
const GAP_WORDS_MERGED = 1;

/** Runs longer than this are copied as a whole. */
const VIEW_FROM_BYTES = 96;

/** The largest page has 2¹⁴ words: counts take at most this many bytes. */
const COUNT_BYTES_MAX = 3;

/**
 * How to make `image` from `base`; null if that would take more than three quarters of a page, and
 * an empty delta if they are equal. Both have the same size.
 */
export function makeDelta(base: Uint8Array, image: Uint8Array): Uint8Array | null {
  assert(base.length === image.length, 'base and image are of one size');
  return encodeRuns(findRuns(wordsOf(base), wordsOf(image), limitOf(image)), image);
}

/** The same against a page of zeros: for fresh pages that are not yet full. */
export function makeZeroDelta(image: Uint8Array): Uint8Array | null {
  return encodeRuns(findNonZeroRuns(wordsOf(image), limitOf(image)), image);
}

function limitOf(image: Uint8Array): number {
  return Math.floor((image.length * WORTH_NUMERATOR) / WORTH_DENOMINATOR);
}

/**
 * Runs of words that differ, as [start, end, start, end, …]; null once they cannot fit into `limit`
 * bytes. Equal stretches, most of a page, are passed four words at a time.
 */
function findRuns(base: Int32Array, image: Int32Array, limit: number): number[] | null {
  const runs: number[] = [];
  let room = limit;
  const end = image.length;
  for (let i = 0; i < end; ) {
    if (
      i + 3 < end &&
      ((base[i]! ^ image[i]!) |
        (base[i + 1]! ^ image[i + 1]!) |
        (base[i + 2]! ^ image[i + 2]!) |
        (base[i + 3]! ^ image[i + 3]!)) ===
        0
    ) {
      i += 4;
    } else if (base[i] === image[i]) {
      i++;
    } else {
      const start = i++;
      while (i < end && base[i] !== image[i]) i++;
      room -= addRun(runs, start, i);
      if (room < 0) return null;
    }
  }
  return runs;
}

function findNonZeroRuns(image: Int32Array, limit: number): number[] | null {
  const runs: number[] = [];
  let room = limit;
  const end = image.length;
  for (let i = 0; i < end; ) {
    if (i + 3 < end && (image[i]! | image[i + 1]! | image[i + 2]! | image[i + 3]!) === 0) {
      i += 4;
    } else if (image[i] === 0) {
      i++;
    } else {
      const start = i++;
      while (i < end && image[i] !== 0) i++;
      room -= addRun(runs, start, i);
      if (room < 0) return null;
    }
  }
  return runs;
}

/**
 * Adds a run, or lengthens the last one if it is close; returns the bytes that this takes at the
 * least.
 */
function addRun(runs: number[], start: number, end: number): number {
  const last = runs.length - 1;
  if (last > 0 && start - runs[last]! <= GAP_WORDS_MERGED) {
    const grown = end - runs[last]!;
    runs[last] = end;
    return grown * 4;
  }
  runs.push(start, end);
  return 2 + (end - start) * 4;
}

function encodeRuns(runs: readonly number[] | null, image: Uint8Array): Uint8Array | null {
  if (runs === null) return null;
  const delta = new Uint8Array(encodedBytes(runs));
  let at = 0;
  for (let r = 0, before = 0; r < runs.length; r += 2) {
    const start = runs[r]!;
    const end = runs[r + 1]!;
    at = putCount(delta, at, start - before);
    at = putCount(delta, at, end - start);
    delta.set(image.subarray(start * 4, end * 4), at);
    at += (end - start) * 4;
    before = end;
  }
  assert(at === delta.length, 'a delta has the size that was computed');
  return delta.length <= limitOf(image) ? delta : null;
}

function encodedBytes(runs: readonly number[]): number {
  let bytes = 0;
  for (let r = 0, before = 0; r < runs.length; r += 2) {
    const length = runs[r + 1]! - runs[r]!;
    bytes += countBytes(runs[r]! - before) + countBytes(length) + length * 4;
    before = runs[r + 1]!;
  }
  return bytes;
}

function countBytes(count: number): number {
  return count < 0x80 ? 1 : count < 0x4000 ? 2 : 3;
}

function putCount(bytes: Uint8Array, at: number, count: number): number {
  let next = at;
  let rest = count;
  for (; rest >= 0x80; rest >>>= 7) bytes[next++] = (rest & 0x7f) | 0x80;
  bytes[next++] = rest;
  return next;
}

/**
 * Makes the image from its base, which it leaves alone. Throws RECORD_DAMAGED if the delta is not
 * one.
 * @param image where it is made; may be `base` itself if that is of no more use
 */
export function applyDelta(
  base: Uint8Array,
  delta: Uint8Array,
  image: Uint8Array = new Uint8Array(base.length),
): Uint8Array {
  if (image !== base) image.set(base);
  patch(image, delta);
  return image;
}

/** The same from a page of zeros. */
export function applyZeroDelta(
  pageSize: number,
  delta: Uint8Array,
  image: Uint8Array = new Uint8Array(pageSize),
): Uint8Array {
  image.fill(0);
  patch(image, delta);
  return image;
}

function patch(image: Uint8Array, delta: Uint8Array): void {
  let to = 0;
  for (let at = 0; at < delta.length; ) {
    const gap = countAt(delta, at);
    at += countBytes(gap);
    const length = countAt(delta, at) * 4;
    at += countBytes(length >>> 2);
    to += gap * 4;
    if (length === 0) throw damaged('a run is empty');
    if (to + length > image.length) throw damaged('a run lies outside the page');
    if (at + length > delta.length) throw damaged('a run is cut');
    copyRun(delta, at, image, to, length);
    to += length;
    at += length;
  }
}

/** Most runs are a few words; a view of them would cost more than copying them one by one. */
function copyRun(
  from: Uint8Array,
  at: number,
  image: Uint8Array,
  to: number,
  length: number,
): void {
  if (length > VIEW_FROM_BYTES) image.set(from.subarray(at, at + length), to);
  else for (let i = 0; i < length; i++) image[to + i] = from[at + i]!;
}

/** The count at `at`; its bytes must be the ones that putCount writes for it. */
function countAt(delta: Uint8Array, at: number): number {
  let count = 0;
  for (let i = 0; i < COUNT_BYTES_MAX; i++) {
    const byte = delta[at + i];
    if (byte === undefined) throw damaged('a count is cut');
    count |= (byte & 0x7f) << (7 * i);
    if (byte >= 0x80) continue;
    if (countBytes(count) !== i + 1) break;
    return count;
  }
  throw damaged('a count is badly written');
}

function damaged(why: string): PacelineError {
  return new PacelineError('RECORD_DAMAGED', `delta of a page: ${why}`);
}
