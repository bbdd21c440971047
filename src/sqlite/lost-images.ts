import { messageOf } from '../base/errors.ts';
import type { Entry } from '../raft/entry.ts';
import { pageImage } from '../redo/page.ts';
import { redoOf } from './entry-data.ts';
import type { LiveWal, WalCommit } from './live-wal.ts';
import { type RowChanges, rowChanges } from './row-changes.ts';

/** What the entries changed, page by page. */
export interface LostImages extends RowChanges {
  /** Of each entry, its pages as they were after it. */
  readonly pages: readonly ReadonlyMap<number, Uint8Array>[];
}

/** Works out what `entries` changed from the database as it was at `before`, whether they have been applied since or not. */
export function lostImages(
  wal: LiveWal,
  pageSize: number,
  before: WalCommit,
  entries: readonly Entry[],
): LostImages {
  const undone = new Map(wal.pagesToUndo(before).map(({ pgno, image }) => [pgno, image]));
  const empty = new Uint8Array(pageSize);
  const imageBefore = (pgno: number) => {
    if (pgno > before.databasePages) return empty;
    return undone.get(pgno) ?? wal.readPage(pgno).slice();
  };
  const latest = new Map<number, Uint8Array>();
  const imageAfter = (pgno: number) => latest.get(pgno) ?? imageBefore(pgno);
  const pages = entries.map((entry) => {
    const images = new Map<number, Uint8Array>();
    for (const page of redoOf(entry.data).pages) {
      const image = pageImage(page, pageSize, imageAfter).slice();
      images.set(page.pgno, image);
      latest.set(page.pgno, image);
    }
    return images;
  });
  return { pages, ...rowsAsFarAsTold(imageBefore, imageAfter, [...latest.keys()]) };
}

/** The pages are what must be saved: whatever prevents telling the rows must not prevent that. */
function rowsAsFarAsTold(...states: Parameters<typeof rowChanges>): RowChanges {
  try {
    return rowChanges(...states);
  } catch (error) {
    return { rows: [], untold: [`all rows: ${messageOf(error)}`] };
  }
}
