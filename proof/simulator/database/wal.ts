import { assert } from '../../../src/base/assert.ts';
import type { EntryId, Index } from '../../../src/raft/entry.ts';
import type {
  CommittedFrames,
  CommittedPages,
  LiveWal,
  PageFrames,
  WalCommit,
} from '../../../src/sqlite/live-wal.ts';
import { WalCommits } from '../../../src/sqlite/wal-commits.ts';
import { foreignWrite } from '../../../src/sqlite/wal-file.ts';
import { frameBytes } from '../../../src/wal/format.ts';
import type { PageImage } from '../../../src/wal/frames.ts';
import { type DatabaseFiles, POSITION_PGNO } from './files.ts';

/** The WAL of the simulator's database as one process knows it, by the product's own bookkeeping: the twin of `WalFile`. */
export class SimWal implements LiveWal {
  readonly #files: DatabaseFiles;
  readonly #commits: WalCommits;

  constructor(files: DatabaseFiles) {
    this.#files = files;
    const source = {
      frameHeader: (frame: number) => files.frame(frame),
      frameImage: (frame: number) => files.frame(frame).image,
      mainPage: (pgno: number) => files.mainPage(pgno),
    };
    const pgnos = Array.from({ length: files.frames }, (_, i) => files.frame(i + 1).pgno);
    this.#commits = new WalCommits(source, pgnos, files.databasePages);
  }

  get frames(): number {
    return this.#commits.frames;
  }

  get bytes(): number {
    return this.frames * frameBytes(this.#files.pageSize);
  }

  get databasePages(): number {
    return this.#commits.databasePages;
  }

  noteOpened(id: EntryId): void {
    this.#commits.opened(id);
  }

  takeUp(): void {
    if (this.#files.frames === this.frames) return;
    if (this.#files.frames !== 0) throw foreignWrite('the simulated database');
    this.#commits.emptied();
  }

  readPage(pgno: number): Uint8Array {
    return this.#commits.page(pgno);
  }

  readMainPage(pgno: number): Uint8Array {
    return this.#files.mainPage(pgno);
  }

  mainFilePages(): number {
    return this.#files.mainPages;
  }

  readCommitted(): CommittedFrames {
    const from = this.frames;
    const pages: PageImage[] = [];
    let databasePages = 0;
    for (let f = from + 1; f <= this.#files.frames; f++) {
      if (databasePages !== 0) throw foreignWrite('the simulated database');
      const frame = this.#files.frame(f);
      pages.push(frame);
      databasePages = frame.databasePages;
    }
    assert(pages.length > 0, 'a commit added frames');
    pages.sort((a, b) => a.pgno - b.pgno);
    return { from, pages, databasePages };
  }

  noteCommitted(id: EntryId): void {
    for (let f = this.frames + 1; f <= this.#files.frames; f++)
      this.#commits.noteFrame(this.#files.frame(f).pgno);
    this.#commits.committed(id, this.#files.databasePages);
  }

  append(pages: readonly PageImage[], databasePages: number, id: EntryId): void {
    const own = pages.map(({ pgno, image }) => ({ pgno, image: image.slice() }));
    this.#files.append(own, databasePages, false);
    this.noteCommitted(id);
  }

  findCommit(id: EntryId): WalCommit | undefined {
    return this.#commits.find(id);
  }

  lastCommitUpTo(index: Index): WalCommit | undefined {
    return this.#commits.lastUpTo(index);
  }

  inMainFile(): WalCommit | undefined {
    return this.#commits.inMainFile(this.#files.copiedFrames);
  }

  framesAt(commit: WalCommit): PageFrames {
    return this.#commits.framesAt(commit, this.#files.copiedFrames);
  }

  pagesToUndo(commit: WalCommit): PageImage[] {
    return this.#commits.pagesToUndo(commit);
  }

  commitsNewestFirst(): Generator<CommittedPages & { readonly frame: number }> {
    return this.#commits.newestFirst();
  }

  positionRoots(): () => number {
    return () => POSITION_PGNO;
  }
}
