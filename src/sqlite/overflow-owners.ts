import { viewOf } from '../base/bytes.ts';
import { cellsOf, isBtreePage, type Pages, pagesOf } from './btree.ts';
import { databasePages, freePages } from './free-pages.ts';

/** Pages of tables that are looked at for the owner of overflow pages: a second's work. */
const PAGES_READ_MAX = 131_072;

const AUTO_VACUUM_AT = 52;

/**
 * Which pages of the tables with these roots hold rows that go on in the overflow pages `changed`: SQLite leaves the page of a row
 * as it is where only the end of a long value changes. There is no way back from an overflow page, so the tables are
 * read, but only if there are such pages; `complete` is false where that was too much.
 */
export function ownersOfOverflow(
  pages: Pages,
  roots: readonly number[],
  changed: readonly number[],
): { readonly owners: readonly number[]; readonly complete: boolean } {
  const wanted = overflowAmong(pages, changed);
  const owners: number[] = [];
  let read = 0;
  for (const root of roots) {
    for (const pgno of pagesOf(root, pages.pageOf)) {
      if (wanted.size === 0) return { owners, complete: true };
      if (++read > PAGES_READ_MAX) return { owners, complete: false };
      const found = overflowOn(pages, pgno).filter((page) => wanted.delete(page));
      if (found.length > 0) owners.push(pgno);
    }
  }
  // What is left belongs to indexes, or to nobody's tables.
  return { owners, complete: true };
}

/** Changed pages that may continue a row, and none of those on a changed page. */
function overflowAmong(pages: Pages, changed: readonly number[]): Set<number> {
  const { pageOf } = pages;
  const others = changed.filter((pgno) => pgno > 1 && !isBtreePage(pageOf(pgno), pgno));
  const left = new Set(others.filter((pgno) => !isPointerMap(pages, pgno)));
  if (left.size === 0) return left;
  const free = new Set(freePages(pageOf));
  const size = databasePages(pageOf);
  const isInUse = (pgno: number) => pgno > 1 && pgno <= size && !free.has(pgno);
  for (const pgno of left) if (!isInUse(pgno)) left.delete(pgno);
  // What a page that was given up says of others is not so any more.
  for (const pgno of changed)
    if (left.size > 0 && isInUse(pgno) && isBtreePage(pageOf(pgno), pgno))
      for (const page of overflowOn(pages, pgno)) left.delete(page);
  return left;
}

function overflowOn({ pageOf, usable }: Pages, pgno: number): number[] {
  return cellsOf(pageOf(pgno), pgno, usable, pageOf).flatMap(({ overflow }) => overflow);
}

/** fileformat2, section 1.8. */
function isPointerMap({ pageOf, usable }: Pages, pgno: number): boolean {
  const isKept = viewOf(pageOf(1)).getUint32(AUTO_VACUUM_AT) > 0;
  return isKept && (pgno - 2) % (Math.floor(usable / 5) + 1) === 0;
}
