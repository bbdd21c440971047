import { assert } from '../base/assert.ts';
import { PacelineError } from '../base/errors.ts';
import { applyDelta, applyZeroDelta, makeDelta, makeZeroDelta } from './delta.ts';
import { hashToHex, type PageHash, type PageHasher, sameHash } from './page-hash.ts';
import type { RedoPage } from './record.ts';

/**
 * A page of a redo record, in the form that saves most.
 * @param hash of `image`
 * @param base the page's content before the commit, null where it is not at hand or there was no
 *   such page
 */
export function makeRedoPage(
  pgno: number,
  image: Uint8Array,
  hash: PageHash,
  base: Uint8Array | null,
): RedoPage {
  const delta = base === null ? null : makeDelta(base, image);
  if (delta !== null) return { pgno, hash, form: 'delta', bytes: delta };
  const zeroDelta = makeZeroDelta(image);
  if (zeroDelta !== null) return { pgno, hash, form: 'zero-delta', bytes: zeroDelta };
  return { pgno, hash, form: 'whole', bytes: image };
}

/**
 * The page's content after the record, not yet compared with its hash. A whole page shares memory
 * with the record. Throws RECORD_DAMAGED if a delta is malformed.
 * @param baseOf gives the page's content before; called for a `delta` only
 * @param room gives memory for an image that is made
 */
export function pageImage(
  page: RedoPage,
  pageSize: number,
  baseOf: (pgno: number) => Uint8Array,
  room: () => Uint8Array = () => new Uint8Array(pageSize),
): Uint8Array {
  if (page.form === 'whole') return page.bytes;
  if (page.form === 'zero-delta') return applyZeroDelta(pageSize, page.bytes, room());
  const base = baseOf(page.pgno);
  assert(base.length === pageSize, `the base of page ${page.pgno} has ${base.length} bytes`);
  return applyDelta(base, page.bytes, room());
}

/** Throws DATABASE_DIVERGED unless `image` has the hash that the leader recorded for the page. */
export function checkImage(
  hasher: PageHasher,
  pgno: number,
  image: Uint8Array,
  recorded: PageHash,
): void {
  if (sameHash(hasher.hash(pgno, image), recorded)) return;
  const hashes = `hash ${hashToHex(hasher)}, recorded ${hashToHex(recorded)}`;
  const why = `page ${pgno} does not come out as on the leader (${hashes})`;
  throw new PacelineError('DATABASE_DIVERGED', `${why}; fetch the page from another member`);
}
