import { messageOf } from '../base/errors.ts';
import type { Entry } from '../raft/entry.ts';
import { pageImage } from '../redo/page.ts';
import type { PageOf } from './btree.ts';
import { redoOf } from './entry-data.ts';
import type { LiveWal, WalCommit } from './live-wal.ts';
import { type RowChange, rowChanges } from './row-changes.ts';

/** What the entries changed, page by page. */
export interface LostImages {
  /** Of each entry, its pages as they were after it. */
  readonly pages: readonly ReadonlyMap<number, Uint8Array>[];
  readonly rows: readonly RowChange[];
  /** Why the rows cannot be told; null if they are. */
  readonly untold: string | null;
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
  return { pages, ...tellRows(imageBefore, imageAfter, [...latest.keys()]) };
}

/** Pages that are no table's any more, as damage leaves them, must not keep what is lost from being saved. */
function tellRows(
  before: PageOf,
  after: PageOf,
  changed: readonly number[],
): Pick<LostImages, 'rows' | 'untold'> {
  try {
    return { rows: rowChanges(before, after, changed), untold: null };
  } catch (error) {
    return { rows: [], untold: messageOf(error) };
  }
}
