import { assert } from '../base/assert.ts';
import { DatabaseChecksum, lockBytePage } from '../redo/checksum.ts';
import { PageHasher } from '../redo/page-hash.ts';
import type { SnapshotFiles, WritableFile } from './snapshot-files.ts';
import type { SnapshotOffer } from './snapshot-frames.ts';

/**
 * The file that a snapshot is received into, with a `.json` beside it that says which one it is. It is written from front to
 * back, so its size says where to go on, also after a restart.
 */
export class IncomingFile {
  readonly offer: SnapshotOffer;
  readonly #files: SnapshotFiles;
  readonly #path: string;
  readonly #file: WritableFile;
  readonly #hasher = new PageHasher();
  /** Of the pages counted so far. */
  readonly #checksum = new DatabaseChecksum();
  #uncounted: number;
  #written = 0;

  /** Goes on with what is there if that is of the same snapshot, else begins anew. */
  constructor(files: SnapshotFiles, path: string, offer: SnapshotOffer) {
    this.#files = files;
    this.#path = path;
    this.offer = offer;
    const resume = files.exists(path) && files.readText(`${path}.json`) === describe(offer);
    if (!resume) {
      files.remove(path);
      files.writeText(`${path}.json`, describe(offer));
    }
    this.#file = files.open(path, !resume);
    // Only whole chunks count: the last one may be torn.
    const there = resume ? Math.min(this.#file.bytes, offer.bytes) : 0;
    this.#uncounted = there - (there % files.chunkBytes);
  }

  /** Bytes that are there, and in the checksum. */
  get written(): number {
    return this.#written;
  }

  /** Bytes that an earlier transfer left, and that are to be counted before more can be written. */
  get uncounted(): number {
    return this.#uncounted;
  }

  get complete(): boolean {
    return this.#written >= this.offer.bytes;
  }

  /** After all is there: whether it is what was announced. */
  get fits(): boolean {
    return this.#checksum.equals(this.offer.checksum);
  }

  isOf(offer: SnapshotOffer): boolean {
    return describe(offer) === describe(this.offer);
  }

  /** Takes the next chunk of what an earlier transfer left into the checksum. */
  countNext(): void {
    const chunk = new Uint8Array(this.#files.chunkBytes);
    const got = this.#file.read(chunk, this.#written);
    assert(got === chunk.length, 'a whole chunk is there');
    this.#uncounted -= got;
    this.#count(chunk);
  }

  /** Throws what the file system says, and has not moved on then. */
  append(data: Uint8Array): void {
    assert(this.#uncounted === 0, 'what was there is counted first');
    this.#file.write(data, this.#written);
    this.#count(data);
  }

  #count(data: Uint8Array): void {
    const { pageSize } = this.offer;
    for (let at = 0; at < data.length; at += pageSize) {
      const pgno = (this.#written + at) / pageSize + 1;
      if (pgno === lockBytePage(pageSize)) continue;
      this.#checksum.replace(null, this.#hasher.hash(pgno, data.subarray(at, at + pageSize)));
    }
    this.#written += data.length;
  }

  /** Brings it to the disk. */
  sync(done: (error: Error | null) => void): void {
    this.#file.sync(done);
  }

  /** Leaves it to be gone on with later. */
  close(): void {
    this.#file.close();
  }

  /** It is complete and about to be moved away. */
  finish(): void {
    this.close();
    this.#files.remove(`${this.#path}.json`);
  }

  discard(): void {
    this.finish();
    this.#files.remove(this.#path);
  }
}

function describe({ id, checksum, bytes }: SnapshotOffer): string {
  return JSON.stringify({ id, checksum: new DatabaseChecksum(checksum).toHex(), bytes });
}
