import { hashToHex } from './page-hash.ts';
import type { RedoPage, RedoRecord } from './record.ts';

/** One line for the record, for logs and status. */
export function describeRecord(record: RedoRecord): string {
  const bytes = record.pages.reduce((sum, page) => sum + page.bytes.length, 0);
  const size = `${record.databasePages} pages of ${record.pageSize}`;
  const change = `${hashToHex(record.checksumBefore)} -> ${hashToHex(record.checksumAfter)}`;
  const pages = `${record.pages.length} pages in ${bytes} bytes`;
  return `redo  ${pages}  database ${size}  checksum ${change}`;
}

/** The lines of `dump redo`: the record, then its pages. */
export function* describeRedo(record: RedoRecord): Generator<string> {
  yield describeRecord(record);
  for (const page of record.pages) yield describePage(page);
}

function describePage({ pgno, form, bytes, hash }: RedoPage): string {
  return `page ${pgno}  ${form} ${bytes.length} bytes  hash ${hashToHex(hash)}`;
}
