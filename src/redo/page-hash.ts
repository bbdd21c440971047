import { assert } from '../base/assert.ts';
import { wordsOf } from '../base/words.ts';

/** The 64-bit hash of a page's number and content, as two unsigned halves. */
export interface PageHash {
  readonly hi: number;
  readonly lo: number;
}

/** Odd factors without pattern: fractions of the cube roots of 5, 7, 19 and 11. */
const A = 0xb5c0fbcf | 0;
const B = 0xe9b5dba5 | 0;
const C = 0xab1c5ed5 | 0;
const D = 0x3956c25b | 0;
/** Fractions of the square roots of 2, 3, 5 and 7. */
const SEED_A = 0x6a09e667 | 0;
const SEED_B = 0xbb67ae85 | 0;
const SEED_C = 0x3c6ef372 | 0;
const SEED_D = 0xa54ff53a | 0;

/** Two blocks of four words. All page sizes are multiples of it. */
const STRIDE_BYTES = 32;

/**
 * Hashes pages. The result stays in `hi` and `lo` until the next call, so that nothing is allocated
 * for it.
 *
 * Four 32-bit lanes in two pairs. A step (exclusive-or a word, rotate, multiply by an odd number)
 * is invertible in the word and in the lane, and a pair's lanes feed one another in turns,
 * invertibly too: a pair is a 64-bit state. The end mixes each pair by a bijection, joins them by
 * exclusive-or, and mixes once more. So a change within one word is always seen, as is one of the
 * page number alone, and any other change goes unseen with a chance of 2⁻⁶⁴. It guards against
 * faults, not against forgery.
 */
export class PageHasher implements PageHash {
  hi = 0;
  lo = 0;

  hash(pgno: number, image: Uint8Array): this {
    assert(image.length % STRIDE_BYTES === 0, `not a page: ${image.length} bytes`);
    const words = wordsOf(image);
    let a = SEED_A ^ pgno;
    let b = SEED_B;
    let c = SEED_C;
    let d = SEED_D;
    for (let i = 0; i < words.length; i += 8) {
      let x = a ^ words[i]!;
      let y = b ^ words[i + 1]!;
      b = (Math.imul((y << 17) | (y >>> 15), B) + a) | 0;
      a = Math.imul((x << 13) | (x >>> 19), A);
      x = c ^ words[i + 2]!;
      y = d ^ words[i + 3]!;
      d = (Math.imul((y << 17) | (y >>> 15), D) + c) | 0;
      c = Math.imul((x << 13) | (x >>> 19), C);
      // The other way round: now the second lane of each pair goes into the first.
      x = a ^ words[i + 4]!;
      y = b ^ words[i + 5]!;
      a = (Math.imul((x << 15) | (x >>> 17), C) + b) | 0;
      b = Math.imul((y << 11) | (y >>> 21), D);
      x = c ^ words[i + 6]!;
      y = d ^ words[i + 7]!;
      c = (Math.imul((x << 15) | (x >>> 17), A) + d) | 0;
      d = Math.imul((y << 11) | (y >>> 21), B);
    }
    this.#finish(a, b, c, d);
    return this;
  }

  /** The result as a value that stays. */
  take(): PageHash {
    return { hi: this.hi, lo: this.lo };
  }

  #finish(a: number, b: number, c: number, d: number): void {
    const b1 = mix(b ^ mix(a, A), B);
    const a1 = mix(a + b1, C);
    const d1 = mix(d ^ mix(c, D), C);
    const c1 = mix(c + d1, A);
    // Joined, the pairs are mixed again: otherwise pages that exchange one pair's words would keep
    // their sum.
    const low = mix((b1 ^ d1) + mix(a1 ^ c1, B), D);
    const high = mix(a1 ^ c1 ^ low, C);
    this.lo = mix(low + high, A) >>> 0;
    this.hi = high >>> 0;
  }
}

/** A bijection of 32 bits in which every bit of the input reaches every bit of the output. */
function mix(value: number, factor: number): number {
  let v = value | 0;
  v = Math.imul(v ^ (v >>> 16), factor);
  v = Math.imul(v ^ (v >>> 13), A);
  return v ^ (v >>> 16);
}

export function sameHash(one: PageHash, other: PageHash): boolean {
  return one.hi === other.hi && one.lo === other.lo;
}

/** Sixteen hex digits. */
export function hashToHex({ hi, lo }: PageHash): string {
  return hi.toString(16).padStart(8, '0') + lo.toString(16).padStart(8, '0');
}
