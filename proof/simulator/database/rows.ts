import { assert } from '../../../src/base/assert.ts';
import type { PageImage } from '../../../src/wal/frames.ts';
import type { Pages } from './files.ts';

/** Rows are spread over so many chains of pages by a hash of their key. */
const CHAINS = 12;
/** Chains begin behind the header and the row of `_paceline`. */
const FIRST_CHAIN_PGNO = 3;
/** A page of a chain: its owner (u16, 0 when the page is free), the next page (u32), used bytes (u16). */
const PAGE_HEAD_BYTES = 8;
const ROW_HEAD_BYTES = 4;
/** Size of the database in pages, in SQLite's own header. */
const SIZE_OFFSET = 28;
const NOTHING = new Uint8Array(0);

interface Chain {
  readonly rows: Map<string, string>;
  /** Where it is; grows when it is laid out. */
  readonly pgnos: number[];
  /** Of its pages when it was read or written. */
  versions: readonly number[];
}

/** What the database grew to hold before the first row. */
export const EMPTY_PAGES = FIRST_CHAIN_PGNO + CHAINS - 1;

/** Rows of text (one byte for each character) under a text key, in the pages of a database, with one transaction at a time. */
export class Rows {
  readonly #files: Pages;
  /** As they were read, with what the transaction has changed in them. */
  readonly #chains = new Map<number, Chain>();
  readonly #changed = new Set<number>();
  /** Pages are laid out here first: most turn out to be as they were. */
  readonly #page: Uint8Array;
  /** What to put back, newest last. */
  #undo: { readonly key: string; readonly value: string | null }[] = [];

  constructor(files: Pages) {
    this.#files = files;
    this.#page = new Uint8Array(files.pageSize);
  }

  get(key: string): string | null {
    return this.#read(chainOf(key)).rows.get(key) ?? null;
  }

  /** Null removes the row. */
  set(key: string, value: string | null): void {
    this.#undo.push({ key, value: this.get(key) });
    this.#put(key, value);
  }

  /** Removes all rows whose key begins so. */
  removeAll(prefix: string): void {
    for (let chain = 0; chain < CHAINS; chain++) {
      const { rows } = this.#read(chain);
      for (const key of [...rows.keys()]) if (key.startsWith(prefix)) this.set(key, null);
    }
  }

  get savepoint(): number {
    return this.#undo.length;
  }

  rollBackTo(savepoint: number): void {
    while (this.#undo.length > savepoint) {
      const { key, value } = this.#undo.pop()!;
      this.#put(key, value);
    }
  }

  rollBack(): void {
    for (const chain of this.#changed) this.#chains.delete(chain);
    this.#changed.clear();
    this.#undo = [];
  }

  /** The pages that the transaction changes, and the size that the database then has. */
  changedPages(): { readonly pages: PageImage[]; readonly databasePages: number } {
    let databasePages = Math.max(this.#files.databasePages, EMPTY_PAGES);
    const pages = new Map<number, Uint8Array>();
    const free = this.#freePages();
    const take = () => free.next().value ?? ++databasePages;
    for (const chain of [...this.#changed].sort((a, b) => a - b)) {
      const { rows, pgnos } = this.#read(chain);
      for (const { pgno, image } of this.#layOut(chain, rows, pgnos, take)) pages.set(pgno, image);
    }
    if (databasePages !== this.#files.databasePages) pages.set(1, this.#header(databasePages));
    for (let pgno = this.#files.databasePages + 1; pgno <= databasePages; pgno++)
      if (!pages.has(pgno)) pages.set(pgno, this.#emptyPage(pgno));
    return { pages: asImages(pages), databasePages };
  }

  /** The pages that were asked for are in the files. */
  committed(): void {
    for (const chain of this.#changed) {
      const known = this.#chains.get(chain)!;
      known.versions = known.pgnos.map((pgno) => this.#files.version(pgno));
    }
    this.#changed.clear();
    this.#undo = [];
  }

  #put(key: string, value: string | null): void {
    const chain = chainOf(key);
    const { rows } = this.#read(chain);
    this.#changed.add(chain);
    if (value === null) rows.delete(key);
    else rows.set(key, value);
  }

  #read(chain: number): Chain {
    const known = this.#chains.get(chain);
    if (known !== undefined && (this.#changed.has(chain) || this.#isFresh(known))) return known;
    const rows = new Map<string, string>();
    const pgnos: number[] = [];
    let content = '';
    for (let pgno = FIRST_CHAIN_PGNO + chain; pgno !== 0; ) {
      pgnos.push(pgno);
      const page = this.#files.page(pgno);
      const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
      const used = view.getUint16(6);
      content += latin1(page, PAGE_HEAD_BYTES, used);
      pgno = view.getUint32(2);
    }
    for (let at = 0; at < content.length; ) {
      const keyLength = content.charCodeAt(at) * 256 + content.charCodeAt(at + 1);
      const valueLength = content.charCodeAt(at + 2) * 256 + content.charCodeAt(at + 3);
      const keyAt = at + ROW_HEAD_BYTES;
      const key = content.slice(keyAt, keyAt + keyLength);
      at = keyAt + keyLength + valueLength;
      rows.set(key, content.slice(keyAt + keyLength, at));
    }
    const versions = pgnos.map((pgno) => this.#files.version(pgno));
    const read = { rows, pgnos, versions };
    this.#chains.set(chain, read);
    return read;
  }

  #isFresh({ pgnos, versions }: Chain): boolean {
    for (let i = 0; i < pgnos.length; i++)
      if (this.#files.version(pgnos[i]!) !== versions[i]) return false;
    return true;
  }

  *#layOut(
    chain: number,
    rows: ReadonlyMap<string, string>,
    pgnos: number[],
    take: () => number,
  ): Generator<PageImage> {
    let text = '';
    for (const [key, value] of rows) text += u16(key.length) + u16(value.length) + key + value;
    const content = Buffer.from(text, 'latin1');
    const room = this.#files.pageSize - PAGE_HEAD_BYTES;
    const needed = Math.max(1, Math.ceil(content.length / room));
    while (pgnos.length < needed) pgnos.push(take());
    for (const [i, pgno] of pgnos.entries()) {
      if (i < needed) {
        const next = i === needed - 1 ? 0 : pgnos[i + 1]!;
        this.#chainPage(chain, next, content.subarray(i * room, (i + 1) * room));
      } else this.#page.fill(0);
      const there = pgno <= this.#files.databasePages;
      if (!there || !same(this.#page, this.#files.page(pgno)))
        yield { pgno, image: this.#page.slice() };
    }
    pgnos.length = needed;
  }

  /** Into `#page`. */
  #chainPage(chain: number, next: number, content: Uint8Array): void {
    const page = this.#page;
    page.fill(0);
    const view = new DataView(page.buffer);
    view.setUint16(0, chain + 1);
    view.setUint32(2, next);
    view.setUint16(6, content.length);
    page.set(content, PAGE_HEAD_BYTES);
  }

  #emptyPage(pgno: number): Uint8Array {
    const chain = pgno - FIRST_CHAIN_PGNO;
    this.#page.fill(0);
    if (chain >= 0 && chain < CHAINS) this.#chainPage(chain, 0, NOTHING);
    return this.#page.slice();
  }

  *#freePages(): Generator<number, undefined> {
    for (let pgno = EMPTY_PAGES + 1; pgno <= this.#files.databasePages; pgno++) {
      const page = this.#files.page(pgno);
      if (page[0] === 0 && page[1] === 0) yield pgno;
    }
  }

  #header(databasePages: number): Uint8Array {
    const image = this.#files.page(1).slice();
    new DataView(image.buffer).setUint32(SIZE_OFFSET, databasePages);
    return image;
  }
}

function chainOf(key: string): number {
  let hash = 0;
  for (let i = 0; i < key.length; i++) hash = (Math.imul(hash, 31) + key.charCodeAt(i)) | 0;
  return (hash >>> 0) % CHAINS;
}

function u16(value: number): string {
  assert(value < 65536, 'a row is short');
  return String.fromCharCode(value >>> 8, value & 255);
}

function latin1(page: Uint8Array, from: number, length: number): string {
  return Buffer.from(page.buffer, page.byteOffset + from, length).toString('latin1');
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

function asImages(pages: ReadonlyMap<number, Uint8Array>): PageImage[] {
  return [...pages].map(([pgno, image]) => ({ pgno, image })).sort((a, b) => a.pgno - b.pgno);
}
