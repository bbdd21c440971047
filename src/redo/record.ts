import { isPageSize } from '../base/page-size.ts';
import type { ChecksumValue } from './checksum.ts';
import type { PageHash } from './page-hash.ts';

/**
 * How a page's content is given:
 * - `whole`: the image itself;
 * - `delta`: against the page's content before this record;
 * - `zero-delta`: against a page of zeros.
 */
export type PageForm = 'whole' | 'delta' | 'zero-delta';

export interface RedoPage {
  readonly pgno: number;
  /** Of the content after this record. */
  readonly hash: PageHash;
  readonly form: PageForm;
  readonly bytes: Uint8Array;
}

/** The pages that one commit changed: all that a copy of the database needs to follow it. */
export interface RedoRecord {
  readonly pageSize: number;
  /** Size of the database after the commit, in pages. Pages beyond it are gone. */
  readonly databasePages: number;
  readonly checksumBefore: ChecksumValue;
  readonly checksumAfter: ChecksumValue;
  /** By page number, ascending; none beyond databasePages. */
  readonly pages: readonly RedoPage[];
}

/** What is wrong with a record, null if nothing is. Does not look into the content of pages. */
export function recordFault(record: RedoRecord): string | null {
  if (!isPageSize(record.pageSize)) return `the page size is ${record.pageSize}`;
  if (!isU32(record.databasePages) || record.databasePages === 0) {
    return `the size of the database is ${record.databasePages} pages`;
  }
  if (!isHash(record.checksumBefore)) return 'the checksum before is out of range';
  if (!isHash(record.checksumAfter)) return 'the checksum after is out of range';
  let previous = 0;
  for (const page of record.pages) {
    const fault = pageFault(page, previous, record);
    if (fault !== null) return fault;
    previous = page.pgno;
  }
  return null;
}

function pageFault(
  page: RedoPage,
  previous: number,
  { pageSize, databasePages }: RedoRecord,
): string | null {
  const { pgno, form, bytes, hash } = page;
  if (!isU32(pgno) || pgno <= previous) return `page ${pgno} comes after page ${previous}`;
  if (pgno > databasePages) return `page ${pgno} lies beyond the end, ${databasePages}`;
  if (!isHash(hash)) return `the hash of page ${pgno} is out of range`;
  const fits = form === 'whole' ? bytes.length === pageSize : bytes.length < pageSize;
  return fits ? null : `page ${pgno}, ${form}, has ${bytes.length} bytes`;
}

function isHash({ hi, lo }: PageHash): boolean {
  return isU32(hi) && isU32(lo);
}

function isU32(value: number): boolean {
  return value >>> 0 === value;
}

/** Whether the record keeps all that its type promises. */
export function valid(record: RedoRecord): boolean {
  return recordFault(record) === null;
}
