import { PacelineError } from '../base/errors.ts';
import type { EntryId } from '../raft/entry.ts';
import { type ChecksumValue, DatabaseChecksum } from '../redo/checksum.ts';
import { mergeRecords } from '../redo/merge.ts';
import { type PageHash, sameHash } from '../redo/page-hash.ts';
import type { RedoRecord } from '../redo/record.ts';
import { dropPages } from './capture.ts';
import type { LiveWal, WalCommit } from './live-wal.ts';
import type { PageImages } from './page-images.ts';

interface Content {
  readonly image: Uint8Array;
  readonly hash: PageHash;
}

/**
 * Brings the database from one position to a later one: successive redo records become one commit in this member's own
 * WAL. Nothing is written unless every page and the database checksum come out as on the leader (I7); then
 * DATABASE_DIVERGED. Returns the checksum. Hold SQLite's writer lock.
 */
export function applyRecords(
  records: readonly RedoRecord[],
  id: EntryId,
  wal: LiveWal,
  images: PageImages,
  before: ChecksumValue,
): ChecksumValue {
  const { hasher, arena } = images;
  arena.reset();
  const merge = mergeRecords(records, (pgno) => images.current(pgno).image, hasher, arena);
  if (!sameHash(merge.checksumBefore, before)) throw diverged(id);
  const after = changedChecksum(
    merge.pages,
    merge.databasePages,
    merge.pageSize,
    wal,
    images,
    before,
  );
  if (!sameHash(after, merge.checksumAfter)) throw diverged(id);
  write(merge.pages, merge.databasePages, id, wal, images);
  return after;
}

/** Brings the database back to what it was at `commit`: the content from then is appended as a new commit. Returns the checksum. */
export function undoTo(
  commit: WalCommit,
  wal: LiveWal,
  images: PageImages,
  before: ChecksumValue,
  pageSize: number,
): ChecksumValue {
  const pages = new Map<number, Content>();
  for (const { pgno, image } of wal.pagesToUndo(commit))
    pages.set(pgno, { image, hash: images.hasher.hash(pgno, image).take() });
  const after = changedChecksum(pages, commit.databasePages, pageSize, wal, images, before);
  write(pages, commit.databasePages, commit.id, wal, images);
  return after;
}

/** The checksum of the database with these pages in place of the present ones. */
function changedChecksum(
  pages: ReadonlyMap<number, Content>,
  databasePages: number,
  pageSize: number,
  wal: LiveWal,
  images: PageImages,
  before: ChecksumValue,
): ChecksumValue {
  const checksum = new DatabaseChecksum(before);
  const oldSize = wal.databasePages;
  for (const [pgno, { hash }] of pages)
    checksum.replace(pgno <= oldSize ? images.current(pgno) : null, hash);
  dropPages(databasePages, oldSize, images, checksum, pageSize);
  return checksum.take();
}

function write(
  pages: ReadonlyMap<number, Content>,
  databasePages: number,
  id: EntryId,
  wal: LiveWal,
  images: PageImages,
): void {
  const sorted = [...pages].sort((a, b) => a[0] - b[0]);
  wal.append(
    sorted.map(([pgno, { image }]) => ({ pgno, image })),
    databasePages,
    id,
  );
  for (const [pgno, { image, hash }] of sorted) images.replace(pgno, image, hash);
}

function diverged(id: EntryId): PacelineError {
  return new PacelineError(
    'DATABASE_DIVERGED',
    `this member's database differs from the leader's before entry ${id.term}.${id.index}: it is rebuilt from another member`,
  );
}
