import type { DatabaseSyncInstance } from '@photostructure/sqlite';
import type { PageImage } from '../../src/wal/frames.ts';
import { readImage } from '../../src/wal/reader.ts';
import { WalAppender } from '../../src/wal/wal-appender.ts';
import { decodeWalIndexHeader, WAL_INDEX_HEAD_BYTES } from '../../src/wal/wal-index.ts';
import type { LiveDatabase } from './live-database.ts';
import { listFrames } from './lookups.ts';

export interface Commit {
  readonly pages: readonly PageImage[];
  readonly databasePages: number;
}

/** Takes what a database committed from its WAL, the last image of each page. */
export class Capture {
  readonly #source: LiveDatabase;
  #frame = 0;
  #salt = 0;

  constructor(source: LiveDatabase) {
    this.#source = source;
    this.take();
  }

  /** What was committed since the last call; null if nothing was. */
  take(): Commit | null {
    const header = decodeWalIndexHeader(this.#source.reader('-shm')(0, WAL_INDEX_HEAD_BYTES));
    if (header.salt1 !== this.#salt) this.#frame = 0;
    this.#salt = header.salt1;
    const from = this.#frame;
    this.#frame = header.mxFrame;
    if (header.mxFrame === from) return null;
    const read = this.#source.reader('-wal');
    const latest = new Map<number, number>();
    for (const { frame, pgno } of listFrames(read, header.mxFrame)) {
      if (frame > from && pgno <= header.databasePages) latest.set(pgno, frame);
    }
    const pages = [...latest].map(([pgno, frame]) => {
      return { pgno, image: readImage(read, header.pageSize, frame) };
    });
    return { pages, databasePages: header.databasePages };
  }
}

/** Appends commits to a copy, holding SQLite's writer lock whenever it is not told to let it go. */
export class Follower {
  readonly copy: LiveDatabase;
  readonly #pageSize: number;
  readonly #locker: DatabaseSyncInstance;
  #appender: WalAppender;
  #salt = 0x10001;

  constructor(copy: LiveDatabase, pageSize: number) {
    this.copy = copy;
    this.#pageSize = pageSize;
    this.#locker = copy.connect();
    // BEGIN reads page 1. From a cache that this connection's own ROLLBACK took for current, it
    // could be a page 1 that names more pages than the database still has, which SQLite calls
    // malformed.
    this.#locker.exec('PRAGMA cache_size=0');
    this.#locker.prepare('SELECT count(*) FROM sqlite_schema').get();
    this.lock();
    this.#appender = new WalAppender(copy.reader('-shm'), pageSize);
  }

  get mxFrame(): number {
    return this.#appender.header.mxFrame;
  }

  append({ pages, databasePages }: Commit): void {
    const salt = this.#salt++;
    const start = { salt1: salt, salt2: salt * 40503, checkpointSequence: salt };
    const { wal, shm } = this.#appender.append(pages, databasePages, () => start);
    this.copy.write('-wal', wal);
    this.copy.write('-shm', shm);
    this.unlock();
    this.lock();
  }

  lock(): void {
    this.#locker.exec('BEGIN IMMEDIATE');
  }

  unlock(): void {
    this.#locker.exec('ROLLBACK');
  }

  /** Begins anew from what the -shm file says. */
  takeUp(): void {
    this.#appender = new WalAppender(this.copy.reader('-shm'), this.#pageSize);
  }

  isCurrent(): boolean {
    return this.#appender.isCurrent(this.copy.reader('-shm'));
  }

  /** Lets SQLite fold the WAL into the main file and restart it. */
  checkpoint(): void {
    this.unlock();
    this.copy.truncate();
    this.lock();
    this.takeUp();
  }
}
