import type { EntryId, Index } from '../raft/entry.ts';
import type { PageImage } from '../wal/frames.ts';

/** A commit that is in the WAL: the database is at `id` when read up to `frame`. */
export interface WalCommit {
  readonly id: EntryId;
  readonly frame: number;
  readonly databasePages: number;
}

/** The pages of one commit. */
export interface CommittedPages {
  readonly pages: readonly PageImage[];
  readonly databasePages: number;
}

export interface CommittedFrames extends CommittedPages {
  /** The last image of each page, in ascending order of page number. */
  readonly pages: readonly PageImage[];
  /** The frame before the commit; 0 if SQLite began the WAL anew with it. */
  readonly from: number;
}

/** Which frame of the WAL holds which page, in ascending order of page number. */
export interface PageFrames {
  readonly pgnos: Uint32Array;
  readonly frames: Uint32Array;
}

export const NO_FRAMES: PageFrames = { pgnos: new Uint32Array(0), frames: new Uint32Array(0) };

/**
 * The live WAL with the main file behind it: which page is in which frame, and which commit ended where. On a leader
 * SQLite appends and we read; on a follower we append. Used by the one thread that holds SQLite's writer lock.
 */
export interface LiveWal {
  readonly frames: number;
  readonly bytes: number;
  /** Size of the database, in pages. */
  readonly databasePages: number;
  /** The database is at `id`: what this process can go back to first. */
  noteOpened(id: EntryId): void;
  /**
   * Call whenever SQLite's writer lock was taken: meanwhile a checkpoint, a foreign one too, may have emptied the WAL, and nothing else
   * may have happened. Throws FOREIGN_WRITE.
   */
  takeUp(): void;
  /** The page as of the last commit. */
  readPage(pgno: number): Uint8Array;
  /** The page as of the last checkpoint. */
  readMainPage(pgno: number): Uint8Array;
  /** Size of the database as of the last checkpoint that went to its end, from the header in page 1. */
  mainFilePages(): number;
  /**
   * The commit that SQLite's writer connection has just made in this process. Until `noteCommitted`, readPage
   * still gives the content from before it. The images hold until the next call.
   */
  readCommitted(): CommittedFrames;
  /** Takes the commit just read into account. */
  noteCommitted(id: EntryId): void;
  /** Appends a commit and publishes it. Hold SQLite's writer lock (`takeUp` after taking it). */
  append(pages: readonly PageImage[], databasePages: number, id: EntryId): void;
  /** The commit that brings the database to `id`, if this process knows it. */
  findCommit(id: EntryId): WalCommit | undefined;
  /** The latest commit at or before `index` that this process knows to be in the WAL. */
  lastCommitUpTo(index: Index): WalCommit | undefined;
  /** What the main file is by itself, if this process knows. */
  inMainFile(): WalCommit | undefined;
  /**
   * The pages of the database at `commit` that have to be read from the WAL; the others are in the main file. Nothing later may have
   * been copied there. Good for as long as a read transaction that was begun before is held, and no checkpoint begins. Of a WAL that
   * is copied as a whole none: it may be begun anew beside any reader.
   */
  framesAt(commit: WalCommit): PageFrames;
  /** What has to be appended to bring the database back to what it was at `commit`. */
  pagesToUndo(commit: WalCommit): PageImage[];
  /** Every commit frame of the WAL, newest first, with the pages of that commit: for finding a position after a crash. */
  commitsNewestFirst(): Iterable<CommittedPages & { readonly frame: number }>;
  /**
   * For the same walk: which page has the row of `_paceline` at the commit that ends with a frame, or, asked for frame 0, in the main
   * file; null where none has.
   */
  positionRoots(): (frame: number) => number | null;
}
