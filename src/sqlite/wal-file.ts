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
  decodeCheckpointInfo,
  decodeWalIndexHeader,
  WAL_INDEX_HEAD_BYTES,
  type WalIndexHeader,
} from '../wal/wal-index.ts';
import type { DatabaseFiles } from './database-files.ts';
import type {
  CommittedFrames,
  CommittedPages,
  LiveWal,
  PageFrames,
  WalCommit,
} from './live-wal.ts';
import { PositionRoot } from './position-root.ts';
import { WalCommits } from './wal-commits.ts';

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
  readonly #commits: WalCommits;
  #header: WalIndexHeader;
  #appender: WalAppender | null = null;
  #read: ReadCommit | null = null;

  constructor(files: DatabaseFiles, pageSize: number) {
    this.#files = files;
    this.#pageSize = pageSize;
    this.#header = this.#readHeader();
    const pgnos = readPageNumbers(files.readShm, this.#header.mxFrame);
    const source = {
      frameHeader: (frame: number) => this.#frameHeader(frame),
      frameImage: (frame: number) => readImage(files.readWal, pageSize, frame),
      mainPage: (pgno: number) => this.readMainPage(pgno),
    };
    this.#commits = new WalCommits(source, pgnos, this.#sizeFrom(this.#header));
  }

  get frames(): number {
    return this.#header.mxFrame;
  }

  get bytes(): number {
    return this.frames * frameBytes(this.#pageSize);
  }

  get databasePages(): number {
    return this.#commits.databasePages;
  }

  noteOpened(id: EntryId): void {
    this.#commits.opened(id);
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
    this.#commits.emptied();
  }

  readPage(pgno: number): Uint8Array {
    return this.#commits.page(pgno);
  }

  readMainPage(pgno: number): Uint8Array {
    return this.#files.readMainPage(pgno, this.#pageSize);
  }

  mainFilePages(): number {
    const page = this.readMainPage(1);
    return new DataView(page.buffer, page.byteOffset).getUint32(28);
  }

  isInWal(pgno: number): boolean {
    return this.#commits.has(pgno);
  }

  /** The wal-index tells where the commit ends, not the size of the file. */
  readCommitted(): CommittedFrames {
    const header = this.#readHeader();
    const restarted = header.salt1 !== this.#header.salt1 || header.salt2 !== this.#header.salt2;
    // SQLite begins a WAL anew only when all of it is in the main file.
    if (restarted) this.#commits.emptied();
    const from = this.#commits.frames;
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
    for (const pgno of pgnos) this.#commits.noteFrame(pgno);
    this.#commits.committed(id, databasePages);
  }

  append(pages: readonly PageImage[], databasePages: number, id: EntryId): void {
    this.#appender ??= new WalAppender(this.#files.readShm, this.#pageSize);
    if (this.#appender.mustStart) this.#commits.emptied();
    this.#header = this.#write(this.#appender, pages, databasePages);
    for (const { pgno } of pages) this.#commits.noteFrame(pgno);
    this.#commits.committed(id, databasePages);
  }

  /** An appender whose writes failed is ahead of the files: the next append takes up what is published. */
  #write(
    appender: WalAppender,
    pages: readonly PageImage[],
    databasePages: number,
  ): WalIndexHeader {
    this.#appender = null;
    const writes = appender.append(pages, databasePages, freshStart);
    const [first, ...others] = writes.wal;
    this.#files.writeWal(first!.bytes, first!.offset);
    if (writes.begins) this.#files.syncWal();
    for (const { bytes, offset } of others) this.#files.writeWal(bytes, offset);
    for (const { bytes, offset } of writes.shm) this.#files.writeShm(bytes, offset);
    this.#appender = appender;
    return appender.header;
  }

  findCommit(id: EntryId): WalCommit | undefined {
    return this.#commits.find(id);
  }

  lastCommitUpTo(index: Index): WalCommit | undefined {
    return this.#commits.lastUpTo(index);
  }

  inMainFile(): WalCommit | undefined {
    return this.#commits.inMainFile(this.#copiedFrames);
  }

  framesAt(commit: WalCommit): PageFrames {
    return this.#commits.framesAt(commit, this.#copiedFrames);
  }

  pagesToUndo(commit: WalCommit): PageImage[] {
    return this.#commits.pagesToUndo(commit);
  }

  commitsNewestFirst(): Generator<CommittedPages & { readonly frame: number }> {
    return this.#commits.newestFirst();
  }

  positionRoots(): (frame: number) => number | null {
    const root = new PositionRoot();
    return (frame) => root.in((pgno) => this.#commits.pageAt(pgno, frame));
  }

  /** Checkpoints have copied the frames up to here. */
  get #copiedFrames(): number {
    return decodeCheckpointInfo(this.#files.readShm(0, WAL_INDEX_HEAD_BYTES)).nBackfill;
  }

  #frameHeader(frame: number) {
    return decodeFrameHeader(
      this.#files.readWal(frameOffset(this.#pageSize, frame), FRAME_HEADER_BYTES),
    );
  }

  #readHeader(): WalIndexHeader {
    return decodeWalIndexHeader(this.#files.readShm(0, WAL_INDEX_HEAD_BYTES));
  }

  #sizeFrom(header: WalIndexHeader): number {
    if (header.mxFrame > 0) return header.databasePages;
    return Math.floor(fstatSync(this.#files.mainFd).size / this.#pageSize);
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
