import { PageArena } from '../redo/page-arena.ts';
import { PageHasher } from '../redo/page-hash.ts';
import { type CachedImage, ImageCache } from './image-cache.ts';
import type { LiveWal } from './live-wal.ts';

/** The content and hash of every page as of the last commit, through a cache of those that changed lately. */
export class PageImages {
  readonly hasher = new PageHasher();
  /** For images on their way into the database. */
  readonly arena: PageArena;
  readonly #wal: LiveWal;
  readonly #cache: ImageCache;

  constructor(wal: LiveWal, pageSize: number, cacheBytesMax: number) {
    this.#wal = wal;
    this.arena = new PageArena(pageSize);
    this.#cache = new ImageCache(pageSize, cacheBytesMax);
  }

  /** Valid until the next call into this object. */
  current(pgno: number): CachedImage {
    const cached = this.#cache.get(pgno);
    if (cached !== undefined) return cached;
    const image = this.#wal.readPage(pgno);
    const { hi, lo } = this.hasher.hash(pgno, image);
    this.#cache.put(pgno, image, hi, lo);
    return { image, hi, lo };
  }

  replace(
    pgno: number,
    image: Uint8Array,
    hash: { readonly hi: number; readonly lo: number },
  ): void {
    this.#cache.put(pgno, image, hash.hi, hash.lo);
  }

  /** The page is gone: the database shrank. */
  drop(pgno: number): void {
    this.#cache.delete(pgno);
  }

  clear(): void {
    this.#cache.clear();
  }
}
