import { viewOf } from '../base/bytes.ts';
import type { PageOf } from './btree.ts';

const SIZE_AT = 28;
const FIRST_TRUNK_AT = 32;

/** Pages that belong to nothing (fileformat2, section 1.5). */
export function* freePages(pageOf: PageOf): Generator<number> {
  const seen = new Set<number>();
  for (let trunk = headerField(pageOf, FIRST_TRUNK_AT); trunk > 0 && !seen.has(trunk); ) {
    seen.add(trunk);
    yield trunk;
    const view = viewOf(pageOf(trunk));
    for (let i = 0; i < view.getUint32(4); i++) yield view.getUint32(8 + 4 * i);
    trunk = view.getUint32(0);
  }
}

/** Pages that were in use before and are not afterwards: SQLite does not write a page that it gives up. */
export function* freedBetween(before: PageOf, after: PageOf): Generator<number> {
  const known = new Set(freePages(before));
  for (const pgno of freePages(after)) if (!known.has(pgno)) yield pgno;
  const size = databasePages(before);
  for (let pgno = databasePages(after) + 1; pgno <= size; pgno++) if (!known.has(pgno)) yield pgno;
}

export function databasePages(pageOf: PageOf): number {
  return headerField(pageOf, SIZE_AT);
}

function headerField(pageOf: PageOf, at: number): number {
  return viewOf(pageOf(1)).getUint32(at);
}
