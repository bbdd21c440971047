import { viewOf } from '../base/bytes.ts';
import { type PageOf, scanTable } from './btree.ts';
import { decodeRecord, textOf } from './record-format.ts';

/** Where page 1 has the schema's version, and what SQLite leaves free on each page: fileformat2, section 1.3. */
const SCHEMA_COOKIE_AT = 40;
const RESERVED_AT = 20;

/**
 * Which page holds the row of `_paceline`, in neighbouring states of a database one after the other. The schema says it: the page
 * moves where SQLite vacuums, and anybody may make a table that looks the same.
 */
export class PositionRoot {
  #cookie: number | null = null;
  #root: number | null = null;

  /** Null if there is no such table, or no schema that can be read. */
  in(pageOf: PageOf): number | null {
    const cookie = viewOf(pageOf(1)).getUint32(SCHEMA_COOKIE_AT);
    if (cookie !== this.#cookie) this.#root = rootIn(pageOf);
    this.#cookie = cookie;
    return this.#root;
  }
}

function rootIn(pageOf: PageOf): number | null {
  const header = pageOf(1);
  const usable = header.length - header[RESERVED_AT]!;
  try {
    for (const { payload } of scanTable(1, usable, pageOf)) {
      const [type, name, , root] = decodeRecord(payload, textOf(header));
      if (type === 'table' && name === '_paceline' && typeof root === 'number') return root;
    }
    return null;
  } catch (error) {
    // A main file that a checkpoint is half-way through.
    if (error instanceof RangeError) return null;
    throw error;
  }
}
