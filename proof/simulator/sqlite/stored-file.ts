import type { Prng } from '../../../src/base/prng.ts';

/** A disk writes so much at once, or nothing of it. */
const SECTOR_BYTES = 512;
/** How much of what was not synced came through, where not all or nothing did. */
const SHARES = [0.5, 0.9, 0.99];

/** A file on a medium: its content as of the last sync, and as it was written since, which all processes see. */
export interface StoredFile {
  readonly synced: Uint8Array;
  readonly written: Uint8Array;
}

export function synced(bytes: Uint8Array): StoredFile {
  return { synced: bytes, written: bytes };
}

/** What a loss of power leaves: of each sector either content, and any length in between. */
export function afterPowerLoss({ synced: old, written }: StoredFile, prng: Prng): StoredFile {
  if (old === written || prng.chance(0.25)) return synced(old);
  if (prng.chance(0.33)) return synced(written);
  const bytes = new Uint8Array(lengthAfter(old.length, written.length, prng));
  const share = prng.chance(0.4) ? 0 : SHARES[prng.between(0, SHARES.length - 1)]!;
  const cut = share === 0 ? prng.between(0, bytes.length) : 0;
  for (let at = 0; at < bytes.length; at += SECTOR_BYTES) {
    // Written in order up to anywhere, or in any order.
    const upTo = share === 0 ? cut - at : prng.chance(share) ? SECTOR_BYTES : 0;
    copySector(old, bytes, at, SECTOR_BYTES);
    copySector(written, bytes, at, Math.max(0, Math.min(upTo, SECTOR_BYTES)));
  }
  return synced(bytes);
}

function lengthAfter(old: number, written: number, prng: Prng): number {
  if (prng.chance(0.5)) return written;
  return prng.between(Math.min(old, written), Math.max(old, written));
}

function copySector(from: Uint8Array, to: Uint8Array, at: number, length: number): void {
  const end = Math.min(at + length, from.length, to.length);
  if (end > at) to.set(from.subarray(at, end), at);
}
