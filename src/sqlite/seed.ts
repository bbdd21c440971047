import { assert } from '../base/assert.ts';

/**
 * The first page of an empty database in WAL mode, written by hand so that every member of a new cluster starts from
 * the same bytes whatever its SQLite version. https://sqlite.org/fileformat2.html, sections 1.3 and 1.6.
 */
export function seedPage(pageSize: number): Uint8Array {
  assert(pageSize >= 512 && pageSize <= 65536, `page size ${pageSize}`);
  const page = new Uint8Array(pageSize);
  const view = new DataView(page.buffer);
  for (const [i, c] of [...'SQLite format 3'].entries()) page[i] = c.charCodeAt(0);
  view.setUint16(16, pageSize === 65536 ? 1 : pageSize);
  page[18] = 2; // write and read version: WAL
  page[19] = 2;
  page[21] = 64; // payload fractions, fixed by the format
  page[22] = 32;
  page[23] = 32;
  view.setUint32(24, 1); // file change counter, equal to "version valid for" so that the page count counts
  view.setUint32(28, 1); // size in pages
  view.setUint32(44, 4); // schema format
  view.setUint32(56, 1); // UTF-8
  view.setUint32(92, 1);
  view.setUint32(96, 3_045_000); // "SQLite version that wrote this": a fixed one
  page[100] = 0x0d; // an empty leaf of the schema table
  view.setUint16(105, pageSize === 65536 ? 0 : pageSize); // cell content starts at the end
  return page;
}
