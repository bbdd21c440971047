import { PacelineError } from '../../../src/base/errors.ts';
import type { EntryId } from '../../../src/raft/entry.ts';
import type { DatabaseFiles as SqliteFiles } from '../../../src/sqlite/database-files.ts';
import type { CommittedFrames } from '../../../src/sqlite/live-wal.ts';
import { WalFile } from '../../../src/sqlite/wal-file.ts';
import type { PageImage } from '../../../src/wal/frames.ts';
import type { Books } from './books.ts';
import { checkRoom, type Room } from './room.ts';

/** The product's WAL, on a disk that may be full; tells what was committed. */
export class WatchedWal extends WalFile {
  readonly #path: string;
  readonly #books: Books;
  readonly #room: Room;
  /** Before the commit that was read last. */
  #from = 0;

  constructor(files: SqliteFiles, pageSize: number, books: Books, room: Room) {
    super(files, pageSize);
    this.#path = files.path;
    this.#books = books;
    this.#room = room;
  }

  override takeUp(): void {
    withoutPath(this.#path, () => super.takeUp());
  }

  override readCommitted(): CommittedFrames {
    const committed = withoutPath(this.#path, () => super.readCommitted());
    this.#from = committed.from;
    return committed;
  }

  override noteCommitted(id: EntryId): void {
    super.noteCommitted(id);
    this.#books.committed(this.#from, this.frames, true);
  }

  override append(pages: readonly PageImage[], databasePages: number, id: EntryId): void {
    checkRoom(this.#room);
    super.append(pages, databasePages, id);
    this.#books.committed(this.frames - pages.length, this.frames, false);
  }
}

/** Directories have other names each time, and a trace must not. */
export function withoutPath<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof PacelineError)) throw error;
    throw new PacelineError(error.code, error.message.replaceAll(path, 'main.db'), {
      cause: error,
    });
  }
}
