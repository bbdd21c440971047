import { type EntryId, ORIGIN } from '../raft/entry.ts';
import type { LiveWal, WalCommit } from './live-wal.ts';
import { positionInPage } from './position-page.ts';

/**
 * The commits that this process can go back to without having made them: those of the WAL, newest first, and last what the main
 * file was when the WAL began. Checkpoints never pass the commit index, so whoever has to go back that far finds
 * the main file as it was.
 */
export function* storedCommits(wal: LiveWal, cluster: string): Generator<WalCommit> {
  const rootAt = wal.positionRoots();
  let oldest: EntryId | null = null;
  for (const { frame, databasePages, pages } of wal.commitsNewestFirst()) {
    const root = rootAt(frame);
    const page = pages.find(({ pgno }) => pgno === root);
    const id = page === undefined ? null : positionInPage(page.image, cluster);
    if (id === null) return;
    yield { id, frame, databasePages };
    oldest = id;
  }
  if (oldest === null) return;
  const id = mainFilePosition(wal, rootAt(0), cluster);
  if (id !== null && id.index < oldest.index)
    yield { id, frame: 0, databasePages: wal.mainFilePages() };
}

/** The main file of a new cluster does not have the table yet. */
function mainFilePosition(wal: LiveWal, root: number | null, cluster: string): EntryId | null {
  if (root === null || root > wal.mainFilePages()) return ORIGIN;
  return positionInPage(wal.readMainPage(root), cluster);
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
