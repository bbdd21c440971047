import { assert } from '../base/assert.ts';
import { PacelineError } from '../base/errors.ts';
import { isPageSize } from '../base/page-size.ts';
import { Scratch } from '../base/scratch.ts';
import { frameOffset } from './format.ts';
import { encodeFrames, type PageImage, startWal, type WalTail } from './frames.ts';
import type { ReadAt } from './source.ts';
import { tailOf, type WalIndexHeader } from './wal-index.ts';
import { type FileWrite, WalIndexWriter } from './wal-index-writer.ts';

/** What a WAL that is begun anew gets. The salts must differ from those of every WAL before. */
export interface WalStart {
  readonly salt1: number;
  readonly salt2: number;
  readonly checkpointSequence: number;
}

/** The writes of one commit: all of `wal` in order, then all of `shm` in order. */
export interface CommitWrites {
  /**
   * The first of `wal` is the header of a WAL begun anew. It must be synced before the others are written: else a loss of power could
   * leave the old header, and behind it so many of the old frames as were not overwritten (https://sqlite.org/src/info/ff5be73dee).
   */
  readonly begins: boolean;
  readonly wal: readonly FileWrite[];
  readonly shm: readonly FileWrite[];
}

/**
 * Appends commits to a WAL and publishes them in its wal-index; plans the writes, does none. To be
 * used under SQLite's writer lock only, and for as long as that lock is held or isCurrent says yes.
 * After a write that failed, throw it away and make a new one: it takes up from what is published
 * in the -shm file.
 */
export class WalAppender {
  readonly #pageSize: number;
  readonly #index: WalIndexWriter;
  readonly #scratch = new Scratch();
  #tail: WalTail | null;

  /**
   * Takes up the WAL where the -shm file says it ends.
   * Throws DATABASE_DAMAGED if the wal-index cannot be used or has another page size.
   */
  constructor(readShm: ReadAt, pageSize: number) {
    assert(isPageSize(pageSize), `not a page size: ${pageSize}`);
    this.#pageSize = pageSize;
    this.#index = new WalIndexWriter(readShm);
    const { header } = this.#index;
    this.#tail = header.mxFrame === 0 ? null : tailOf(header);
    if (this.#tail !== null && this.#tail.pageSize !== pageSize) {
      const why = `the WAL has pages of ${header.pageSize} bytes, the database of ${pageSize}`;
      throw new PacelineError('DATABASE_DAMAGED', `${why}; rebuild this member's database`);
    }
  }

  /** What is published, including the last append. */
  get header(): WalIndexHeader {
    return this.#index.header;
  }

  /** True if the next append begins the WAL anew: it has no frames. */
  get mustStart(): boolean {
    return this.#tail === null;
  }

  /**
   * Whether the -shm file is still as this appender knows it; to be asked after the lock was let
   * go.
   */
  isCurrent(readShm: ReadAt): boolean {
    return this.#index.isCurrent(readShm);
  }

  /**
   * The writes for one commit. The bytes are valid until the next call.
   * @param databasePages size of the database after the commit, in pages
   * @param start asked for if mustStart, and only then
   */
  append(pages: readonly PageImage[], databasePages: number, start: () => WalStart): CommitWrites {
    const wal: FileWrite[] = [];
    const begins = this.mustStart;
    const tail = this.#tail ?? this.#start(start(), wal);
    const offset = frameOffset(this.#pageSize, tail.frame + 1);
    wal.push({ offset, bytes: encodeFrames(tail, pages, databasePages, this.#scratch.take) });
    const shm = this.#index.append(pages, tail, databasePages);
    assert(this.header.mxFrame === tail.frame, 'what is published is what is in the WAL');
    return { begins, wal, shm };
  }

  #start({ salt1, salt2, checkpointSequence }: WalStart, wal: FileWrite[]): WalTail {
    const { header, tail } = startWal(this.#pageSize, salt1, salt2, checkpointSequence);
    wal.push({ offset: 0, bytes: header });
    this.#tail = tail;
    return tail;
  }
}
