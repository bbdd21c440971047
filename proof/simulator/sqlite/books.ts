import type { Prng } from '../../../src/base/prng.ts';
import type { CheckpointMode, CheckpointReply } from '../../../src/sqlite/checkpointer.ts';
import type { DatabaseFiles as SqliteFiles } from '../../../src/sqlite/database-files.ts';
import {
  decodeFrameHeader,
  FRAME_HEADER_BYTES,
  frameBytes,
  frameOffset,
  WAL_HEADER_BYTES,
} from '../../../src/wal/format.ts';
import type { PageImage } from '../../../src/wal/frames.ts';
import type { DatabaseFiles } from '../database/files.ts';
import { Violation } from '../violation.ts';
import { contentOf, type FileBytes, readFiles } from './read-files.ts';
import { afterPowerLoss, type StoredFile, stored, synced } from './stored-file.ts';

/** What the next process finds. */
export interface Left {
  readonly main: StoredFile;
  readonly wal: StoredFile;
}

const NOTHING = new Uint8Array(0);

/**
 * What the files of an open database must hold, found by reading what was appended to the WAL, and how much of it
 * SQLite has synced (https://sqlite.org/wal.html, and `walCheckpoint` and `walWriteFrames` in its wal.c): the WAL before a checkpoint copies from it, the main file
 * after all of it was copied, the header of a WAL that SQLite begins. Of what we append, only what the product syncs.
 */
export class Books {
  readonly content: DatabaseFiles;
  readonly #files: SqliteFiles;
  readonly #pageSize: number;
  #mainSynced: Uint8Array;
  #walSynced: Uint8Array;
  /** Whether the WAL has no bytes that are to be overwritten. */
  #walIsShort: boolean;
  /** Whether it was emptied after the last sync. */
  #walCut: boolean;
  /** The files before a checkpoint that is not over yet. */
  #before: { readonly bytes: FileBytes; readonly mainSynced: Uint8Array } | null = null;
  #closed: FileBytes | null = null;

  constructor(files: SqliteFiles, pageSize: number, { main, wal }: Left) {
    const bytes = readFiles(files);
    this.#files = files;
    this.#pageSize = pageSize;
    this.content = contentOf(bytes, pageSize);
    this.#mainSynced = main.synced;
    this.#walSynced = wal.synced;
    this.#walIsShort = bytes.wal.length === 0;
    this.#walCut = wal.cut;
    const sync = files.syncWal.bind(files);
    files.syncWal = () => {
      sync();
      this.#walIsSynced(readFiles(files).wal);
    };
  }

  /** Frames were appended behind `from`; `executed`: by SQLite. */
  committed(from: number, to: number, executed: boolean): void {
    if (from === 0) this.#walBegun(executed);
    const size = frameBytes(this.#pageSize);
    const bytes = this.#files.readWal(frameOffset(this.#pageSize, from + 1), (to - from) * size);
    const pages: PageImage[] = [];
    let databasePages = 0;
    for (let at = 0; at < bytes.length; at += size) {
      const header = decodeFrameHeader(bytes, at);
      pages.push({
        pgno: header.pgno,
        image: bytes.slice(at + FRAME_HEADER_BYTES, at + size),
      });
      databasePages = header.databasePages;
    }
    this.content.append(pages, databasePages, executed);
  }

  #walBegun(executed: boolean): void {
    if (this.content.frames > 0) this.content.empty();
    if (executed) this.#headerIsSynced();
    this.#walIsShort = false;
  }

  #headerIsSynced(): void {
    const header = this.#files.readWal(0, WAL_HEADER_BYTES);
    const rest = this.#walIsShort ? NOTHING : this.#walSynced.subarray(WAL_HEADER_BYTES);
    this.#walIsSynced(Buffer.concat([header, rest]));
  }

  #walIsSynced(bytes: Uint8Array): void {
    this.#walSynced = bytes;
    this.#walCut = false;
  }

  /** Call around a checkpoint, which is under way until `checkpointEnded`. */
  checkpoint(run: () => CheckpointReply, mode: CheckpointMode): CheckpointReply {
    const bytes = readFiles(this.#files);
    this.#before = { bytes, mainSynced: this.#mainSynced };
    const reply = run();
    if ('error' in reply) return reply;
    const { content } = this;
    const emptied = mode !== 'PASSIVE' && !reply.busy;
    const copied = emptied ? content.frames : Math.max(reply.copiedFrames, 0);
    if (copied > content.copiedFrames) {
      content.copy(copied);
      this.#walIsSynced(bytes.wal);
      if (copied === content.frames) this.#mainSynced = readFiles(this.#files).main;
    }
    if (emptied) this.#emptied(mode === 'TRUNCATE');
    return reply;
  }

  checkpointEnded(): void {
    this.#before = null;
  }

  /** Where the file is kept, SQLite has begun it anew, with a header that is synced. */
  #emptied(cut: boolean): void {
    this.#walIsShort = cut;
    if (cut) this.#walCut = true;
    else this.#headerIsSynced();
    this.content.empty();
    const { main } = readFiles(this.#files);
    const is = contentOf({ main, wal: NOTHING }, this.#pageSize);
    const different = firstDifference(this.content, is);
    if (different !== null)
      throw new Violation('I6 atomic', `after a checkpoint the main file differs: ${different}`);
  }

  /** The files as they are, before SQLite is told to close them: what it does then depends on who else has them open. */
  closing(): void {
    this.#closed = readFiles(this.#files);
  }

  /** As found after the end of the process. */
  left(power: boolean, prng: Prng): Left {
    const now = this.#closed ?? readFiles(this.#files);
    const before = this.#before;
    // A checkpoint empties the WAL when the main file is complete: until then any part of it may be copied.
    if (before !== null && prng.chance(0.5)) {
      const part = afterPowerLoss(stored(before.bytes.main, now.main), prng);
      const main = stored(before.mainSynced, part.written);
      return { main: power ? afterPowerLoss(main, prng) : main, wal: synced(before.bytes.wal) };
    }
    const main = stored(this.#mainSynced, now.main);
    const wal = stored(this.#walSynced, now.wal, this.#walCut);
    if (!power) return { main, wal };
    return { main: afterPowerLoss(main, prng), wal: afterPowerLoss(wal, prng) };
  }
}

/** Where two databases differ; null if they do not. */
export function firstDifference(one: DatabaseFiles, other: DatabaseFiles): string | null {
  if (one.databasePages !== other.databasePages)
    return `${one.databasePages} pages, and ${other.databasePages}`;
  for (let pgno = 1; pgno <= one.databasePages; pgno++)
    if (Buffer.compare(one.page(pgno), other.page(pgno)) !== 0) return `page ${pgno}`;
  return null;
}
