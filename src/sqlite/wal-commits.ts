import type { EntryId, Index } from '../raft/entry.ts';
import type { PageImage } from '../wal/frames.ts';
import { type CommittedPages, NO_FRAMES, type PageFrames, type WalCommit } from './live-wal.ts';

/** Where the frames and the main file are: SQLite's files, or a simulator's. */
export interface FrameSource {
  /** What the header of a frame says, from frame 1. */
  frameHeader(frame: number): { readonly pgno: number; readonly databasePages: number };
  frameImage(frame: number): Uint8Array;
  mainPage(pgno: number): Uint8Array;
}

/** What one process knows of its live WAL: which page is in which frame, and which commit ended where. */
export class WalCommits {
  readonly #source: FrameSource;
  #databasePages: number;
  /** Page number of each frame, from frame 1 at [0]. */
  #pgnos: number[] = [];
  #latest = new Map<number, number>();
  /** In the order of their frames; the position it began at, and commits that this process made or applied. */
  #commits: WalCommit[] = [];

  /** `pgnos` are those of the frames that are there already, `databasePages` is the size with them. */
  constructor(source: FrameSource, pgnos: Iterable<number>, databasePages: number) {
    this.#source = source;
    this.#databasePages = databasePages;
    for (const pgno of pgnos) this.noteFrame(pgno);
  }

  get frames(): number {
    return this.#pgnos.length;
  }

  /** As of the last commit. */
  get databasePages(): number {
    return this.#databasePages;
  }

  /** The database is at `id`: the first position that can be gone back to. */
  opened(id: EntryId): void {
    this.#commits = [];
    this.committed(id, this.#databasePages);
  }

  /** The next frame holds this page. */
  noteFrame(pgno: number): void {
    this.#pgnos.push(pgno);
    this.#latest.set(pgno, this.#pgnos.length);
  }

  /** The last frame noted ends a commit. */
  committed(id: EntryId, databasePages: number): void {
    this.#databasePages = databasePages;
    this.#commits.push({ id, frame: this.frames, databasePages });
  }

  /** The WAL begins anew, which it does only when all of it is in the main file: that is at the last commit then. */
  emptied(): void {
    this.#pgnos = [];
    this.#latest = new Map();
    this.#commits = this.#commits.slice(-1).map((last) => ({ ...last, frame: 0 }));
  }

  has(pgno: number): boolean {
    return this.#latest.has(pgno);
  }

  /** The page as of the last commit. */
  page(pgno: number): Uint8Array {
    return this.#imageAt(this.#latest.get(pgno), pgno);
  }

  /** The page as of the commit that ends with this frame; of the main file with frame 0. */
  pageAt(pgno: number, frame: number): Uint8Array {
    const at = frame === 0 ? 0 : this.#pgnos.lastIndexOf(pgno, frame - 1) + 1;
    return this.#imageAt(at === 0 ? undefined : at, pgno);
  }

  find(id: EntryId): WalCommit | undefined {
    return this.#commits.findLast((c) => c.id.index === id.index && c.id.term === id.term);
  }

  lastUpTo(index: Index): WalCommit | undefined {
    return this.#commits.findLast((c) => c.id.index <= index);
  }

  /** What brings the database back to what it was at `commit`. */
  pagesToUndo(commit: WalCommit): PageImage[] {
    const changed = new Set(this.#pgnos.slice(commit.frame));
    for (let pgno = this.#databasePages + 1; pgno <= commit.databasePages; pgno++)
      changed.add(pgno);
    const latest = this.#latestUpTo(commit.frame);
    const pages = [...changed].filter((pgno) => pgno <= commit.databasePages).sort((a, b) => a - b);
    return pages.map((pgno) => ({ pgno, image: this.#imageAt(latest.get(pgno), pgno) }));
  }

  /** What the main file is by itself, if this process knows: checkpoints copied nothing of the WAL, or all of it. */
  inMainFile(copiedFrames: number): WalCommit | undefined {
    if (copiedFrames === this.frames) return this.#commits.at(-1);
    const [first] = this.#commits;
    return copiedFrames === 0 && first?.frame === 0 ? first : undefined;
  }

  /**
   * The pages of the database at `commit` that have to be read from the WAL, where checkpoints copied so much of it. A checkpoint that
   * stops before the end leaves out the pages that have later frames, too.
   */
  framesAt({ frame, databasePages }: WalCommit, copiedFrames: number): PageFrames {
    if (copiedFrames === this.frames) return NO_FRAMES;
    const found = [...this.#latestUpTo(frame)].filter(([pgno]) => pgno <= databasePages);
    found.sort((a, b) => a[0] - b[0]);
    return {
      pgnos: Uint32Array.from(found, ([pgno]) => pgno),
      frames: Uint32Array.from(found, ([, at]) => at),
    };
  }

  /** Every commit in the WAL, also those that this process knows nothing else of. */
  *newestFirst(): Generator<CommittedPages & { readonly frame: number }> {
    const source = this.#source;
    let last = this.frames;
    while (last > 0) {
      const { databasePages } = source.frameHeader(last);
      let first = last;
      while (first > 1 && source.frameHeader(first - 1).databasePages === 0) first--;
      const pages: PageImage[] = [];
      for (let frame = last; frame >= first; frame--)
        pages.push({ pgno: this.#pgnos[frame - 1]!, image: source.frameImage(frame) });
      yield { frame: last, databasePages, pages };
      last = first - 1;
    }
  }

  #latestUpTo(end: number): Map<number, number> {
    const latest = new Map<number, number>();
    for (let frame = 1; frame <= end; frame++) latest.set(this.#pgnos[frame - 1]!, frame);
    return latest;
  }

  #imageAt(frame: number | undefined, pgno: number): Uint8Array {
    return frame === undefined ? this.#source.mainPage(pgno) : this.#source.frameImage(frame);
  }
}
