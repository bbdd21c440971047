import { assert, must } from '../../../src/base/assert.ts';
import { PacelineError } from '../../../src/base/errors.ts';
import type { Prng } from '../../../src/base/prng.ts';
import type { EntryId } from '../../../src/raft/entry.ts';
import { type ChecksumValue, DatabaseChecksum } from '../../../src/redo/checksum.ts';
import { type PageHash, PageHasher } from '../../../src/redo/page-hash.ts';
import { positionInPage } from '../../../src/sqlite/position-page.ts';
import {
  FRAME_HEADER_BYTES,
  frameBytes,
  frameOffset,
  WAL_HEADER_BYTES,
} from '../../../src/wal/format.ts';
import type { PageImage } from '../../../src/wal/frames.ts';

/** A page of the WAL. */
export interface Frame extends PageImage {
  /** Size of the database after the commit that this frame ends, in pages; 0 in the frames before. */
  readonly databasePages: number;
}

/** What reads a database: its pages as of one commit. */
export interface Pages {
  readonly pageSize: number;
  readonly databasePages: number;
  /** Zeros beyond the end. */
  page(pgno: number): Uint8Array;
  /** Changes whenever the page does. */
  version(pgno: number): number;
}

/** The database as of the commit that was the last one when it was taken, until it is released. */
export interface HeldPages extends Pages {
  release(): void;
}

/** Where the row of `_paceline` is. */
export const POSITION_PGNO = 2;

/** Is told of every change of the files; `executed`: by a leader's SQL. */
export type OnCommit = (files: DatabaseFiles, executed: boolean) => void;

/**
 * The files of a database of the simulator, main file and WAL, as they are for all that have them open in
 * one process. What it holds is compared with what it should hold by a checksum of its own making.
 */
export class DatabaseFiles implements Pages {
  readonly pageSize: number;
  readonly #main: Uint8Array[];
  readonly #frames: Frame[];
  readonly #latest = new Map<number, Uint8Array>();
  readonly #versions = new Map<number, number>();
  readonly #hasher = new PageHasher();
  #checksum = new DatabaseChecksum();
  #databasePages: number;
  #writes = 0;
  /** Frames up to here survive a loss of power. */
  #syncedFrames: number;
  /** Checkpoints copied frames up to here into the main file. */
  #copiedFrames = 0;
  /** By frame, the states that are held: a checkpoint copies no frame behind one. */
  readonly #held = new Set<{ readonly frame: number }>();
  onCommit: OnCommit | null = null;
  /** No room for another frame. */
  full = false;

  constructor(pageSize: number, main: readonly Uint8Array[], frames: readonly Frame[] = []) {
    this.pageSize = pageSize;
    this.#main = [...main];
    this.#frames = [...frames];
    for (const { pgno, image } of frames) this.#latest.set(pgno, image);
    this.#databasePages = frames.at(-1)?.databasePages ?? main.length;
    this.#syncedFrames = 0;
    for (let pgno = 1; pgno <= this.#databasePages; pgno++)
      this.#checksum.replace(null, this.#hasher.hash(pgno, this.page(pgno)));
  }

  get frames(): number {
    return this.#frames.length;
  }

  /** Frames up to here are in the main file. */
  get copiedFrames(): number {
    return this.#copiedFrames;
  }

  get databasePages(): number {
    return this.#databasePages;
  }

  get mainPages(): number {
    return this.#main.length;
  }

  get mainBytes(): number {
    return this.#main.length * this.pageSize;
  }

  /** Of all pages as of the last commit. */
  get checksum(): ChecksumValue {
    return this.#checksum.take();
  }

  frame(number: number): Frame {
    return must(this.#frames[number - 1], `frame ${number}`);
  }

  /** The page as of the last commit; zeros beyond the end. */
  page(pgno: number): Uint8Array {
    return this.#latest.get(pgno) ?? this.mainPage(pgno);
  }

  mainPage(pgno: number): Uint8Array {
    return this.#main[pgno - 1] ?? new Uint8Array(this.pageSize);
  }

  /** Changes whenever the page does. */
  version(pgno: number): number {
    return this.#versions.get(pgno) ?? 0;
  }

  position(cluster: string): EntryId | null {
    return positionIn(this, cluster);
  }

  /** What the main file, without the WAL, says. */
  mainPosition(cluster: string): EntryId | null {
    return positionInPage(this.mainPage(POSITION_PGNO), cluster);
  }

  hold(): HeldPages {
    const { pageSize, databasePages } = this;
    const [latest, main] = [new Map(this.#latest), [...this.#main]];
    const held = { frame: this.frames };
    this.#held.add(held);
    return {
      ...{ pageSize, databasePages },
      page: (pgno) => latest.get(pgno) ?? main[pgno - 1] ?? new Uint8Array(pageSize),
      version: () => 0,
      release: () => this.#held.delete(held),
    };
  }

  /** The first frame behind which a state is held; null if none is. */
  get heldFrame(): number | null {
    return this.#held.size === 0 ? null : Math.min(...[...this.#held].map(({ frame }) => frame));
  }

  /** A commit. Throws DISK_FULL; then nothing has happened. */
  append(pages: readonly PageImage[], databasePages: number, executed: boolean): void {
    assert(pages.length > 0, 'a commit has pages');
    if (this.full)
      throw new PacelineError('DISK_FULL', 'no room left to write the WAL: free some space');
    const before = this.#databasePages;
    for (let pgno = databasePages + 1; pgno <= before; pgno++)
      this.#checksum.replace(this.#hash(pgno), null);
    const grown = new Set<number>();
    for (let pgno = before + 1; pgno <= databasePages; pgno++) grown.add(pgno);
    for (const [i, { pgno, image }] of pages.entries()) {
      const old = pgno > databasePages || grown.delete(pgno) ? null : this.#hash(pgno);
      const last = i === pages.length - 1;
      this.#frames.push({ pgno, image, databasePages: last ? databasePages : 0 });
      this.#latest.set(pgno, image);
      this.#versions.set(pgno, ++this.#writes);
      if (pgno <= databasePages) this.#checksum.replace(old, this.#hash(pgno));
    }
    // SQLite writes no page that was allocated and freed at once: it holds what was at that place.
    for (const pgno of grown) this.#checksum.replace(null, this.#hash(pgno));
    this.#databasePages = databasePages;
    this.onCommit?.(this, executed);
  }

  /**
   * Syncs the WAL and copies frames up to `limit`, which ends a commit, into the main file, which is then synced. As SQLite does it,
   * pages that have a later frame are left out, and those that the database no longer had after that commit.
   */
  copy(limit: number): void {
    this.#syncedFrames = this.#frames.length;
    const databasePages = limit === 0 ? 0 : this.frame(limit).databasePages;
    assert(limit === 0 || databasePages > 0, 'checkpoints end with a commit');
    const latest = new Map<number, number>();
    for (let number = this.#copiedFrames + 1; number <= this.#frames.length; number++)
      latest.set(this.frame(number).pgno, number);
    for (const [pgno, number] of latest)
      if (number <= limit && pgno <= databasePages) this.#putMain(pgno, this.frame(number).image);
    this.#copiedFrames = Math.max(this.#copiedFrames, limit);
  }

  /** After everything was copied, the WAL is emptied. */
  empty(): void {
    assert(this.#copiedFrames === this.#frames.length, 'all frames are in the main file');
    this.#main.length = this.#databasePages;
    this.#frames.length = 0;
    this.#latest.clear();
    this.#copiedFrames = 0;
    this.#syncedFrames = 0;
  }

  readMain(into: Uint8Array, offset: number): number {
    let done = 0;
    while (done < into.length && offset + done < this.mainBytes) {
      const at = offset + done;
      const page = this.mainPage(Math.floor(at / this.pageSize) + 1);
      const part = page.subarray(at % this.pageSize).subarray(0, into.length - done);
      into.set(part, done);
      done += part.length;
    }
    return done;
  }

  /** As `readMain`, in a WAL with SQLite's layout: what is asked for is in one frame's image. */
  readWal(into: Uint8Array, offset: number): number {
    const size = frameBytes(this.pageSize);
    const number = Math.floor((offset - WAL_HEADER_BYTES) / size) + 1;
    const at = offset - frameOffset(this.pageSize, number) - FRAME_HEADER_BYTES;
    // Emptied since whoever reads was told what is where.
    const part = this.#frames[number - 1]?.image.subarray(at, at + into.length);
    if (part !== undefined) into.set(part);
    return part?.length ?? 0;
  }

  /** As found after the process was killed: with all that it wrote. */
  afterKill(): DatabaseFiles {
    return this.#reopened(this.#frames.length, this.#syncedFrames);
  }

  /** As found after a loss of power: of the frames that were not synced the later ones may be gone, in the middle of a commit too. */
  afterPowerLoss(prng: Prng): DatabaseFiles {
    const survived = prng.between(this.#syncedFrames, this.#frames.length);
    return this.#reopened(survived, survived);
  }

  /** SQLite takes up the WAL to the last whole commit. */
  #reopened(frames: number, synced: number): DatabaseFiles {
    let kept = frames;
    while (kept > 0 && this.frame(kept).databasePages === 0) kept--;
    const files = new DatabaseFiles(this.pageSize, this.#main, this.#frames.slice(0, kept));
    files.full = this.full;
    files.#syncedFrames = Math.min(kept, synced);
    return files;
  }

  #hash(pgno: number): PageHash {
    return this.#hasher.hash(pgno, this.page(pgno)).take();
  }

  #putMain(pgno: number, image: Uint8Array): void {
    while (this.#main.length < pgno) this.#main.push(new Uint8Array(this.pageSize));
    this.#main[pgno - 1] = image;
  }
}

export function positionIn(pages: Pages, cluster: string): EntryId | null {
  if (pages.databasePages < POSITION_PGNO) return null;
  return positionInPage(pages.page(POSITION_PGNO), cluster);
}
