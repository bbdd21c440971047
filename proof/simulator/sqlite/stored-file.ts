import type { Prng } from '../../../src/base/prng.ts';

/** A disk writes so much at once, or nothing of it. */
const SECTOR_BYTES = 512;
const ORDERS = ['forwards', 'backwards', 'any'] as const;
/** How much of what was not synced came through in any order. */
const SHARES = [0.2, 0.5, 0.9];

const NOTHING = new Uint8Array(0);

/** A file on a medium: its content as of the last sync, and as it was written since, which all processes see. */
export interface StoredFile {
  readonly synced: Uint8Array;
  readonly written: Uint8Array;
  /** Whether it was cut to nothing after the last sync. */
  readonly cut: boolean;
}

export function stored(old: Uint8Array, written: Uint8Array, cut = false): StoredFile {
  return { synced: old, written, cut };
}

export function synced(bytes: Uint8Array): StoredFile {
  return { synced: bytes, written: bytes, cut: false };
}

/**
 * What a loss of power leaves: of each sector either content, in any order. A file that grew may have any length in between; one that was
 * cut has been, or not: then what was written into it afterwards may have come through all the same.
 */
export function afterPowerLoss(file: StoredFile, prng: Prng): StoredFile {
  const { written } = file;
  if (file.synced === written || prng.chance(0.25)) return synced(file.synced);
  if (prng.chance(0.33)) return synced(written);
  const old = file.cut && prng.chance(0.25) ? NOTHING : file.synced;
  const bytes = new Uint8Array(lengthAfter(old.length, file, prng));
  const through = writeBack(Math.min(written.length, bytes.length), prng);
  for (let at = 0; at < bytes.length; at += SECTOR_BYTES) {
    copySector(old, bytes, at, SECTOR_BYTES);
    copySector(written, bytes, at, through(at));
  }
  return synced(bytes);
}

/** Disks write in whatever order: how much came through of the sector at `at`. Only where they were interrupted is one cut. */
function writeBack(length: number, prng: Prng): (at: number) => number {
  const end = prng.between(0, length);
  const order = ORDERS[prng.between(0, ORDERS.length - 1)]!;
  if (order === 'forwards') return (at) => Math.max(0, Math.min(end - at, SECTOR_BYTES));
  if (order === 'backwards') return (at) => (at < end ? 0 : SECTOR_BYTES);
  const share = SHARES[prng.between(0, SHARES.length - 1)]!;
  return () => (prng.chance(share) ? SECTOR_BYTES : 0);
}

function lengthAfter(old: number, { written, cut }: StoredFile, prng: Prng): number {
  const { length } = written;
  if (length > old) return prng.chance(0.5) ? length : prng.between(old, length);
  return cut || prng.chance(0.5) ? old : length;
}

function copySector(from: Uint8Array, to: Uint8Array, at: number, length: number): void {
  const end = Math.min(at + length, from.length, to.length);
  if (end > at) to.set(from.subarray(at, end), at);
}
