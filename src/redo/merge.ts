import { assert } from '../base/assert.ts';
import { PacelineError } from '../base/errors.ts';
import type { ChecksumValue } from './checksum.ts';
import { checkImage, pageImage } from './page.ts';
import { PageArena } from './page-arena.ts';
import { type PageHash, type PageHasher, sameHash } from './page-hash.ts';
import type { RedoRecord } from './record.ts';

/** A page as several records leave it. */
export interface MergedPage {
  readonly image: Uint8Array;
  readonly hash: PageHash;
}

/** Several records as one commit. */
export interface MergedRecords {
  readonly pageSize: number;
  readonly databasePages: number;
  readonly checksumBefore: ChecksumValue;
  readonly checksumAfter: ChecksumValue;
  /** By page number; the last image of each. Pages that a later record cut off are not in it. */
  readonly pages: ReadonlyMap<number, MergedPage>;
}

/**
 * Joins successive records: the last image of a page wins. Images are compared with their hashes at
 * the end only: a fault on the way is in the last image too, or was overwritten. Throws
 * RECORD_DAMAGED for a malformed delta, DATABASE_DIVERGED where the records do not follow one
 * another or an image does not come out as on the leader.
 * @param records one at the least, in the order of the log
 * @param baseOf the content of a page in the database as it is before the first record
 * @param arena the images are made there, and hold until its next reset
 */
export function mergeRecords(
  records: readonly RedoRecord[],
  baseOf: (pgno: number) => Uint8Array,
  hasher: PageHasher,
  arena = new PageArena(records[0]?.pageSize ?? 0),
): MergedRecords {
  const first = records[0];
  const last = records.at(-1);
  assert(first !== undefined && last !== undefined, 'one record at the least');
  const pages = new Map<number, MergedPage>();
  let before = first.checksumBefore;
  let databasePages = first.databasePages;
  for (const record of records) {
    checkFollows(record, first.pageSize, before);
    if (record.databasePages < databasePages) cutOff(pages, record.databasePages);
    addPages(pages, record, baseOf, arena);
    databasePages = record.databasePages;
    before = record.checksumAfter;
  }
  for (const [pgno, { image, hash }] of pages) checkImage(hasher, pgno, image, hash);
  const { pageSize, checksumBefore } = first;
  return { pageSize, databasePages, checksumBefore, checksumAfter: last.checksumAfter, pages };
}

function checkFollows(record: RedoRecord, pageSize: number, before: ChecksumValue): void {
  if (record.pageSize === pageSize && sameHash(record.checksumBefore, before)) return;
  const why = 'a redo record does not follow the one before it';
  throw new PacelineError('DATABASE_DIVERGED', `${why}; rebuild this member from a snapshot`);
}

function addPages(
  pages: Map<number, MergedPage>,
  record: RedoRecord,
  baseOf: (pgno: number) => Uint8Array,
  arena: PageArena,
): void {
  const current = (pgno: number) => pages.get(pgno)?.image ?? baseOf(pgno);
  const room = () => arena.take();
  for (const page of record.pages) {
    const image = pageImage(page, record.pageSize, current, room);
    pages.set(page.pgno, { image, hash: page.hash });
  }
}

function cutOff(pages: Map<number, MergedPage>, databasePages: number): void {
  for (const pgno of pages.keys()) if (pgno > databasePages) pages.delete(pgno);
}
