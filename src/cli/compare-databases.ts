import type { Position } from '../api/request.ts';
import { lockBytePage } from '../redo/checksum.ts';
import type { DatabaseReport } from './inspect-database.ts';
import type { StoredDatabase } from './stored-database.ts';

/** Page numbers listed for a pair; the count is of all. */
const PAGES_LISTED_MAX = 20;

export interface Difference {
  readonly samePosition: boolean;
  /** Pages whose content differs, or that only one has. */
  readonly pages: number;
  readonly firstPages: readonly number[];
}

export interface Inspected {
  readonly report: DatabaseReport;
  readonly database: StoredDatabase;
}

/** Null when the two are identical: same position, same bytes. */
export function compareDatabases(one: Inspected, other: Inspected): Difference | null {
  const samePosition = comparePositions(one.report.position, other.report.position) === 0;
  const firstPages: number[] = [];
  let pages = 0;
  for (const pgno of differingPages(one.database, other.database)) {
    pages += 1;
    if (firstPages.length < PAGES_LISTED_MAX) firstPages.push(pgno);
  }
  return samePosition && pages === 0 ? null : { samePosition, pages, firstPages };
}

function* differingPages(one: StoredDatabase, other: StoredDatabase): Generator<number> {
  const most = Math.max(one.pages, other.pages);
  const both = one.pageSize === other.pageSize ? Math.min(one.pages, other.pages) : 0;
  const unused = lockBytePage(one.pageSize);
  for (let pgno = 1; pgno <= most; pgno++) {
    if (pgno === unused) continue;
    if (pgno > both || Buffer.compare(one.read(pgno), other.read(pgno)) !== 0) yield pgno;
  }
}

/** By term, then by index: negative when `one` is behind. */
export function comparePositions(one: Position, other: Position): number {
  return one.term - other.term || one.index - other.index;
}
