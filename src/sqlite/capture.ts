import { type ChecksumValue, DatabaseChecksum, lockBytePage } from '../redo/checksum.ts';
import { makeRedoPage } from '../redo/page.ts';
import type { RedoPage, RedoRecord } from '../redo/record.ts';
import type { PageImage } from '../wal/frames.ts';
import type { CommittedFrames, LiveWal } from './live-wal.ts';
import type { PageImages } from './page-images.ts';

/**
 * The redo record of the commit that SQLite's writer connection has just made. Call between `readCommitted` and
 * `noteCommitted`, while pages still read as before the commit.
 */
export function captureCommit(
  committed: CommittedFrames,
  wal: LiveWal,
  images: PageImages,
  before: ChecksumValue,
  pageSize: number,
): RedoRecord {
  const checksum = new DatabaseChecksum(before);
  const oldSize = wal.databasePages;
  const { databasePages } = committed;
  const grown = grownPages(committed, wal, pageSize);
  const pages: RedoPage[] = [];
  for (const { pgno, image } of grown.length === 0
    ? committed.pages
    : merged(committed.pages, grown)) {
    const hash = images.hasher.hash(pgno, image).take();
    const old = pgno <= oldSize ? images.current(pgno) : null;
    pages.push(makeRedoPage(pgno, image, hash, old?.image ?? null));
    checksum.replace(old, hash);
    images.replace(pgno, image, hash);
  }
  dropPages(databasePages, oldSize, images, checksum, pageSize);
  return { pageSize, databasePages, checksumBefore: before, checksumAfter: checksum.take(), pages };
}

/**
 * Pages that a growing database got without writing them (allocated and freed in one transaction): they hold whatever
 * was at that place, so they are shipped like the others.
 */
function grownPages(committed: CommittedFrames, wal: LiveWal, pageSize: number): PageImage[] {
  const grown: PageImage[] = [];
  const written = new Set<number>();
  for (const { pgno } of committed.pages) if (pgno > wal.databasePages) written.add(pgno);
  for (let pgno = wal.databasePages + 1; pgno <= committed.databasePages; pgno++) {
    if (!written.has(pgno) && pgno !== lockBytePage(pageSize))
      grown.push({ pgno, image: wal.readPage(pgno) });
  }
  return grown;
}

function merged(one: readonly PageImage[], other: readonly PageImage[]): PageImage[] {
  return [...one, ...other].sort((a, b) => a.pgno - b.pgno);
}

/** Takes the pages beyond the new end of the database out of its checksum. */
export function dropPages(
  newSize: number,
  oldSize: number,
  images: PageImages,
  checksum: DatabaseChecksum,
  pageSize: number,
): void {
  for (let pgno = newSize + 1; pgno <= oldSize; pgno++) {
    if (pgno === lockBytePage(pageSize)) continue;
    checksum.replace(images.current(pgno), null);
    images.drop(pgno);
  }
}
