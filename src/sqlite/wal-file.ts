import { randomBytes } from 'node:crypto';
import { fstatSync } from 'node:fs';
import { assert, must } from '../base/assert.ts';
import { PacelineError } from '../base/errors.ts';
import { Scratch } from '../base/scratch.ts';
import type { EntryId, Index } from '../raft/entry.ts';
import { decodeFrameHeader, FRAME_HEADER_BYTES, frameBytes, frameOffset } from '../wal/format.ts';
import type { PageImage } from '../wal/frames.ts';
import { readPageNumbers } from '../wal/lookup.ts';
import { readImage } from '../wal/reader.ts';
import { WalAppender } from '../wal/wal-appender.ts';
import {
  decodeWalIndexHeader,
  WAL_INDEX_HEAD_BYTES,
  type WalIndexHeader,
} from '../wal/wal-index.ts';
import type { DatabaseFiles } from './database-files.ts';
import type { CommittedFrames, CommittedPages, LiveWal, WalCommit } from './live-wal.ts';

/** What `noteCommitted` takes into account. */
interface ReadCommit {
  readonly databasePages: number;
  /** Page numbers in the order of the frames. */
  readonly pgnos: readonly number[];
  readonly header: WalIndexHeader;
}

/** The live `-wal` as this member knows it, in the files that SQLite reads and writes too. */
export class WalFile implements LiveWal {
  readonly #files: DatabaseFiles;
  readonly #pageSize: number;
  readonly #scratch = new Scratch();
  #header: WalIndexHeader;
  #databasePages: number;
  #appender: WalAppender | null = null;
  /** Page number of each frame, from frame 1 at [0]. */
  #pgnos: number[] = [];
  #latest = new Map<number, number>();
  /** In the order of their frames; the position it began at, and commits that this process made or applied. */
  #commits: WalCommit[] = [];
  #read: ReadCommit | null = null;

  constructor(files: DatabaseFiles, pageSize: number) {
    this.#files = files;
    this.#pageSize = pageSize;
    this.#header = this.#readHeader();
    this.#databasePages = this.#sizeFrom(this.#header);
    for (const pgno of readPageNumbers(files.readShm, this.#header.mxFrame)) this.#noteFrame(pgno);
  }

  get frames(): number {
    return this.#header.mxFrame;
  }

  get bytes(): number {
    return this.frames * frameBytes(this.#pageSize);
  }

  get databasePages(): number {
    return this.#databasePages;
  }

  noteOpened(id: EntryId): void {
    this.#commits = [{ id, frame: this.frames, databasePages: this.#databasePages }];
  }

  takeUp(): void {
    const header = this.#readHeader();
    const known = this.#header;
    const sameWal = header.salt1 === known.salt1 && header.salt2 === known.salt2;
    const emptied = header.mxFrame === 0 && (known.mxFrame > 0 || !sameWal);
    const untouched = header.mxFrame === known.mxFrame && sameWal;
    // It counts commits, and outlives the emptying of the WAL.
    if (header.changeCounter !== known.changeCounter || !(emptied || untouched))
      throw foreignWrite(this.#files.path);
    if (!emptied) return;
    this.#header = header;
    this.#appender = null;
    this.#forgetFrames();
  }

  readPage(pgno: number): Uint8Array {
    const frame = this.#latest.get(pgno);
    return frame === undefined
      ? this.#files.readMainPage(pgno, this.#pageSize)
      : readImage(this.#files.readWal, this.#pageSize, frame);
  }

  readMainPage(pgno: number): Uint8Array {
    return this.#files.readMainPage(pgno, this.#pageSize);
  }

  mainFilePages(): number {
    const page = this.readMainPage(1);
    return new DataView(page.buffer, page.byteOffset).getUint32(28);
  }

  isInWal(pgno: number): boolean {
    return this.#latest.has(pgno);
  }

  /** The wal-index tells where the commit ends, not the size of the file. */
  readCommitted(): CommittedFrames {
    const header = this.#readHeader();
    const restarted = header.salt1 !== this.#header.salt1 || header.salt2 !== this.#header.salt2;
    // SQLite begins a WAL anew only when all of it is in the main file.
    if (restarted) this.#forgetFrames();
    const from = this.#pgnos.length;
    assert(header.mxFrame > from, 'a commit added frames');
    const size = frameBytes(this.#pageSize);
    const bytes = this.#scratch.take((header.mxFrame - from) * size);
    const got = this.#files.readWalInto(bytes, frameOffset(this.#pageSize, from + 1));
    assert(got === bytes.length, 'committed frames are in the WAL');
    const { pages, databasePages, pgnos } = splitFrames(bytes, size, this.#files.path);
    this.#read = { header, databasePages, pgnos };
    return { from, pages, databasePages };
  }

  noteCommitted(id: EntryId): void {
    const { header, databasePages, pgnos } = must(this.#read, 'a commit that was read');
    this.#read = null;
    this.#header = header;
    this.#appender = null;
    for (const pgno of pgnos) this.#noteFrame(pgno);
    this.#finishCommit(id, databasePages);
  }

  append(pages: readonly PageImage[], databasePages: number, id: EntryId): void {
    this.#appender ??= new WalAppender(this.#files.readShm, this.#pageSize);
    if (this.#appender.mustStart) this.#forgetFrames();
    this.#header = this.#write(this.#appender, pages, databasePages);
    for (const { pgno } of pages) this.#noteFrame(pgno);
    this.#finishCommit(id, databasePages);
  }

  /** An appender whose writes failed is ahead of the files: the next append takes up what is published. */
  #write(
    appender: WalAppender,
    pages: readonly PageImage[],
    databasePages: number,
  ): WalIndexHeader {
    this.#appender = null;
    const writes = appender.append(pages, databasePages, freshStart);
    for (const { bytes, offset } of writes.wal) this.#files.writeWal(bytes, offset);
    for (const { bytes, offset } of writes.shm) this.#files.writeShm(bytes, offset);
    this.#appender = appender;
    return appender.header;
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
    for (let frame = 1; frame <= commit.frame; frame++) latest.set(this.#pgnos[frame - 1]!, frame);
    const pages = [...changed].filter((pgno) => pgno <= commit.databasePages).sort((a, b) => a - b);
    return pages.map((pgno) => ({ pgno, image: this.#imageAt(latest.get(pgno), pgno) }));
  }

  *commitsNewestFirst(): Generator<CommittedPages & { frame: number }> {
    let last = this.frames;
    while (last > 0) {
      const { databasePages } = this.#frameHeader(last);
      let first = last;
      while (first > 1 && this.#frameHeader(first - 1).databasePages === 0) first--;
      const pages: PageImage[] = [];
      for (let f = last; f >= first; f--) {
        const image = readImage(this.#files.readWal, this.#pageSize, f);
        pages.push({ pgno: this.#frameHeader(f).pgno, image });
      }
      yield { frame: last, databasePages, pages };
      last = first - 1;
    }
  }

  #frameHeader(frame: number) {
    return decodeFrameHeader(
      this.#files.readWal(frameOffset(this.#pageSize, frame), FRAME_HEADER_BYTES),
    );
  }

  #imageAt(frame: number | undefined, pgno: number): Uint8Array {
    return frame === undefined
      ? this.#files.readMainPage(pgno, this.#pageSize)
      : readImage(this.#files.readWal, this.#pageSize, frame);
  }

  #readHeader(): WalIndexHeader {
    return decodeWalIndexHeader(this.#files.readShm(0, WAL_INDEX_HEAD_BYTES));
  }

  #sizeFrom(header: WalIndexHeader): number {
    if (header.mxFrame > 0) return header.databasePages;
    return Math.floor(fstatSync(this.#files.mainFd).size / this.#pageSize);
  }

  #noteFrame(pgno: number): void {
    this.#pgnos.push(pgno);
    this.#latest.set(pgno, this.#pgnos.length);
  }

  #forgetFrames(): void {
    this.#pgnos = [];
    this.#latest = new Map();
    // All of it is in the main file, which is thereby at the last commit.
    this.#commits = this.#commits.slice(-1).map((last) => ({ ...last, frame: 0 }));
  }

  #finishCommit(id: EntryId, databasePages: number): void {
    this.#databasePages = databasePages;
    this.#commits.push({ id, frame: this.frames, databasePages });
  }
}

function splitFrames(bytes: Uint8Array, size: number, path: string) {
  const images = new Map<number, Uint8Array>();
  const pgnos: number[] = [];
  let databasePages = 0;
  for (let at = 0; at < bytes.length; at += size) {
    if (databasePages !== 0) throw foreignWrite(path);
    const header = decodeFrameHeader(bytes, at);
    pgnos.push(header.pgno);
    images.set(header.pgno, bytes.subarray(at + FRAME_HEADER_BYTES, at + size));
    databasePages = header.databasePages;
  }
  const inside = [...images].filter(([pgno]) => pgno <= databasePages).sort((a, b) => a[0] - b[0]);
  return { pages: inside.map(([pgno, image]) => ({ pgno, image })), databasePages, pgnos };
}

function freshStart() {
  const salts = randomBytes(8);
  return { salt1: salts.readUInt32BE(0), salt2: salts.readUInt32BE(4), checkpointSequence: 0 };
}

export function foreignWrite(path: string): PacelineError {
  return new PacelineError(
    'FOREIGN_WRITE',
    `another process wrote to ${path}: only Paceline may write to a member's database; find that process, and let this member rebuild its copy`,
  );
}
