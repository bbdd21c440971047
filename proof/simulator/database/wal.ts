import { assert } from '../../../src/base/assert.ts';
import type { EntryId, Index } from '../../../src/raft/entry.ts';
import type {
  CommittedFrames,
  CommittedPages,
  LiveWal,
  WalCommit,
} from '../../../src/sqlite/live-wal.ts';
import { foreignWrite } from '../../../src/sqlite/wal-file.ts';
import { frameBytes } from '../../../src/wal/format.ts';
import type { PageImage } from '../../../src/wal/frames.ts';
import type { DatabaseFiles } from './files.ts';

/** The WAL of the simulator's database as one process knows it: the twin of `WalFile`. */
export class SimWal implements LiveWal {
  readonly #files: DatabaseFiles;
  #databasePages: number;
  #pgnos: number[] = [];
  #latest = new Map<number, number>();
  #commits: WalCommit[] = [];

  constructor(files: DatabaseFiles) {
    this.#files = files;
    this.#databasePages = files.databasePages;
    for (let f = 1; f <= files.frames; f++) this.#noteFrame(files.frame(f).pgno);
  }

  get frames(): number {
    return this.#pgnos.length;
  }

  get bytes(): number {
    return this.frames * frameBytes(this.#files.pageSize);
  }

  get databasePages(): number {
    return this.#databasePages;
  }

  noteOpened(id: EntryId): void {
    this.#commits = [{ id, frame: this.frames, databasePages: this.#databasePages }];
  }

  takeUp(): void {
    if (this.#files.frames === this.frames) return;
    if (this.#files.frames !== 0) throw foreignWrite('the simulated database');
    this.#forgetFrames();
  }

  readPage(pgno: number): Uint8Array {
    const frame = this.#latest.get(pgno);
    return frame === undefined ? this.#files.mainPage(pgno) : this.#files.frame(frame).image;
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
    this.#noteFrames(id);
  }

  append(pages: readonly PageImage[], databasePages: number, id: EntryId): void {
    const own = pages.map(({ pgno, image }) => ({ pgno, image: image.slice() }));
    this.#files.append(own, databasePages, false);
    this.#noteFrames(id);
  }

  findCommit(id: EntryId): WalCommit | undefined {
    return this.#commits.findLast((c) => c.id.index === id.index && c.id.term === id.term);
  }

  lastCommitUpTo(index: Index): WalCommit | undefined {
    return this.#commits.findLast((c) => c.id.index <= index);
  }

  pagesToUndo(commit: WalCommit): PageImage[] {
    const changed = new Set(this.#pgnos.slice(commit.frame));
    for (let pgno = this.#databasePages + 1; pgno <= commit.databasePages; pgno++)
      changed.add(pgno);
    const latest = new Map<number, number>();
    for (let f = 1; f <= commit.frame; f++) latest.set(this.#pgnos[f - 1]!, f);
    const pages = [...changed].filter((pgno) => pgno <= commit.databasePages).sort((a, b) => a - b);
    return pages.map((pgno) => {
      const frame = latest.get(pgno);
      const image =
        frame === undefined ? this.#files.mainPage(pgno) : this.#files.frame(frame).image;
      return { pgno, image };
    });
  }

  *commitsNewestFirst(): Generator<CommittedPages & { frame: number }> {
    let last = this.frames;
    while (last > 0) {
      const { databasePages } = this.#files.frame(last);
      let first = last;
      while (first > 1 && this.#files.frame(first - 1).databasePages === 0) first--;
      const pages: PageImage[] = [];
      for (let f = last; f >= first; f--) pages.push(this.#files.frame(f));
      yield { frame: last, databasePages, pages };
      last = first - 1;
    }
  }

  #noteFrames(id: EntryId): void {
    for (let f = this.frames + 1; f <= this.#files.frames; f++)
      this.#noteFrame(this.#files.frame(f).pgno);
    this.#databasePages = this.#files.databasePages;
    this.#commits.push({ id, frame: this.frames, databasePages: this.#databasePages });
  }

  #noteFrame(pgno: number): void {
    this.#pgnos.push(pgno);
    this.#latest.set(pgno, this.#pgnos.length);
  }

  #forgetFrames(): void {
    this.#pgnos = [];
    this.#latest = new Map();
    this.#commits = this.#commits.slice(-1).map((last) => ({ ...last, frame: 0 }));
  }
}
