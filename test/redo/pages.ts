import { Prng } from '../../src/base/prng.ts';
import { DatabaseChecksum } from '../../src/redo/checksum.ts';
import { makeRedoPage } from '../../src/redo/page.ts';
import { PageHasher } from '../../src/redo/page-hash.ts';
import type { RedoRecord } from '../../src/redo/record.ts';

/** A page of random words. */
export function randomPage(prng: Prng, size: number): Uint8Array {
  return new Uint8Array(Uint32Array.from({ length: size / 4 }, () => prng.next()).buffer);
}

/** A database of pages in memory, from which records are made; page n is at n - 1. */
export class MemoryDatabase {
  readonly pageSize: number;
  images: Uint8Array[] = [];

  constructor(pageSize: number) {
    this.pageSize = pageSize;
  }

  checksum(): DatabaseChecksum {
    const hasher = new PageHasher();
    const sum = new DatabaseChecksum();
    this.images.forEach((image, i) => {
      sum.replace(null, hasher.hash(i + 1, image));
    });
    return sum;
  }

  copy(): MemoryDatabase {
    const copy = new MemoryDatabase(this.pageSize);
    copy.images = this.images.map((image) => image.slice());
    return copy;
  }

  /** Sets pages and the size, and returns the record of it; deltas where the page was there. */
  commit(changes: ReadonlyMap<number, Uint8Array>, databasePages: number): RedoRecord {
    const checksumBefore = this.checksum().take();
    const before = this.images.slice();
    this.images.length = Math.min(this.images.length, databasePages);
    for (const [pgno, image] of changes) this.images[pgno - 1] = image;
    const hasher = new PageHasher();
    const pages = [...changes]
      .sort(([one], [other]) => one - other)
      .map(([pgno, image]) => {
        const hash = hasher.hash(pgno, image).take();
        return makeRedoPage(pgno, image, hash, before[pgno - 1] ?? null);
      });
    const checksumAfter = this.checksum().take();
    return { pageSize: this.pageSize, databasePages, checksumBefore, checksumAfter, pages };
  }
}

/** A record with a page of each form. */
export function sampleRecord(): RedoRecord {
  const prng = new Prng(1);
  const database = new MemoryDatabase(512);
  database.images = [randomPage(prng, 512), randomPage(prng, 512)];
  const edited = database.images[0]!.slice();
  edited[100]! ^= 1;
  const halfEmpty = new Uint8Array(512);
  halfEmpty.fill(7, 400);
  const fresh = randomPage(prng, 512);
  return database.commit(
    new Map([
      [1, edited],
      [3, halfEmpty],
      [4, fresh],
    ]),
    4,
  );
}
