import { assert } from '../base/assert.ts';
import { PacelineError } from '../base/errors.ts';
import { hashToHex, type PageHash, sameHash } from './page-hash.ts';

/**
 * Where SQLite places its locks; the page there is never written, and its content means nothing.
 */
const LOCK_BYTE = 0x40000000;

/**
 * The page that holds SQLite's lock bytes. A database that is large enough has it, but it is in no
 * commit: leave it out of the database checksum
 * (https://sqlite.org/fileformat2.html#the_lock_byte_page).
 */
export function lockBytePage(pageSize: number): number {
  return LOCK_BYTE / pageSize + 1;
}

/** The checksum of a whole database, as a value. */
export type ChecksumValue = PageHash;

/**
 * The checksum of a whole database: exclusive-or over the hashes of all its pages, save the
 * lock-byte page. Each hash contains its page number, so the order of pages does not matter and
 * their places do; a commit costs as much as the pages that it changed.
 */
export class DatabaseChecksum implements ChecksumValue {
  #hi: number;
  #lo: number;

  /** Of no pages, or continuing from `from`. */
  constructor(from: ChecksumValue = { hi: 0, lo: 0 }) {
    this.#hi = from.hi;
    this.#lo = from.lo;
  }

  get hi(): number {
    return this.#hi;
  }

  get lo(): number {
    return this.#lo;
  }

  /** Exchanges a page's hash; null where there was, or now is, no such page. */
  replace(before: PageHash | null, after: PageHash | null): void {
    assert(before !== null || after !== null, 'a page is there before or after');
    if (before !== null) this.#toggle(before);
    if (after !== null) this.#toggle(after);
  }

  #toggle({ hi, lo }: PageHash): void {
    this.#hi = (this.#hi ^ hi) >>> 0;
    this.#lo = (this.#lo ^ lo) >>> 0;
  }

  /** The present value, which later changes leave alone. */
  take(): ChecksumValue {
    return { hi: this.#hi, lo: this.#lo };
  }

  equals(other: ChecksumValue): boolean {
    return sameHash(this, other);
  }

  toHex(): string {
    return hashToHex(this);
  }

  /** Big-endian. */
  toBytes(): Uint8Array {
    const bytes = new Uint8Array(8);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, this.#hi);
    view.setUint32(4, this.#lo);
    return bytes;
  }
}

/**
 * The counterpart of toHex. Throws RECORD_DAMAGED for anything but sixteen lower-case hex digits.
 */
export function checksumFromHex(hex: string): ChecksumValue {
  if (!/^[0-9a-f]{16}$/.test(hex)) {
    throw new PacelineError('RECORD_DAMAGED', `not a database checksum: ${JSON.stringify(hex)}`);
  }
  return { hi: Number.parseInt(hex.slice(0, 8), 16), lo: Number.parseInt(hex.slice(8), 16) };
}

/** The counterpart of toBytes. */
export function checksumFromBytes(bytes: Uint8Array): ChecksumValue {
  if (bytes.length !== 8) {
    throw new PacelineError(
      'RECORD_DAMAGED',
      `a database checksum has 8 bytes, not ${bytes.length}`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, 8);
  return { hi: view.getUint32(0), lo: view.getUint32(4) };
}
