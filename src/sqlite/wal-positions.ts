import { type EntryId, ORIGIN } from '../raft/entry.ts';
import type { PageImage } from '../wal/frames.ts';
import type { LiveWal, WalCommit } from './live-wal.ts';
import { positionInPage } from './position-page.ts';

interface Found {
  readonly id: EntryId;
  /** Of the page that says so. */
  readonly pgno: number;
}

/**
 * The position that a commit with these pages brought the database to; null if it has no `_paceline` page. A caller's table that
 * got a copy of the row has an earlier position in it.
 */
function findPosition(pages: readonly PageImage[], cluster: string): Found | null {
  let latest: Found | null = null;
  for (const { pgno, image } of pages) {
    const id = positionInPage(image, cluster);
    if (id !== null && (latest === null || id.index > latest.id.index)) latest = { id, pgno };
  }
  return latest;
}

/**
 * The commits that this process can go back to without having made them: those of the WAL, newest first, and last what the main
 * file was when the WAL began. Checkpoints never pass the commit index, so whoever has to go back that far finds
 * the main file as it was.
 */
export function* storedCommits(wal: LiveWal, cluster: string): Generator<WalCommit> {
  let oldest: Found | null = null;
  for (const { frame, databasePages, pages } of wal.commitsNewestFirst()) {
    const found = findPosition(pages, cluster);
    if (found === null) return;
    yield { id: found.id, frame, databasePages };
    oldest = found;
  }
  if (oldest === null) return;
  const databasePages = wal.mainFilePages();
  const id =
    oldest.pgno <= databasePages ? positionInPage(wal.readMainPage(oldest.pgno), cluster) : ORIGIN;
  if (id !== null && id.index < oldest.id.index) yield { id, frame: 0, databasePages };
}

/** Newest first, at most `countMax`. */
export function storedPositions(wal: LiveWal, cluster: string, countMax: number): EntryId[] {
  const positions: EntryId[] = [];
  for (const { id } of storedCommits(wal, cluster)) {
    if (positions.length === countMax) break;
    positions.push(id);
  }
  return positions;
}
