import { closeSync } from 'node:fs';
import type { CheckpointTools, OpenDatabase } from '../../../src/member/database-home.ts';
import type { OpenReader } from '../../../src/member/this-copy.ts';
import type { EntryId } from '../../../src/raft/entry.ts';
import { DatabaseSync } from '../../../src/sqlite/binding.ts';
import {
  Checkpointer,
  type CheckpointMode,
  type CheckpointReply,
} from '../../../src/sqlite/checkpointer.ts';
import {
  closeConnections,
  type EngineConnections,
  foldWal,
  openConnections,
} from '../../../src/sqlite/connections.ts';
import { Pin } from '../../../src/sqlite/pin.ts';
import { Pins } from '../../../src/sqlite/pins.ts';
import type { HomeParts } from '../database/member-database.ts';
import { Violation } from '../violation.ts';
import { Books, firstDifference, type Left } from './books.ts';
import { TimedCheckpoints } from './checkpoints.ts';
import { TimelessExecutor } from './executor.ts';
import { contentOf, readFiles } from './read-files.ts';
import { type ReaderWatch, WatchedReader } from './reader.ts';
import { limitRoom, type Room } from './room.ts';
import { WatchedWal } from './wal.ts';

/** One database of SQLite's that a process has open, with all of the product that works on it, in one thread. */
export class OpenedDatabase {
  readonly books: Books;
  readonly #path: string;
  readonly #connections: EngineConnections;
  readonly #parts: HomeParts;
  readonly #room: Room;
  /** What has to be closed at the latest when the process is gone. */
  readonly #open = new Set<() => void>();
  /** How often the WAL was to be emptied. */
  #emptied = 0;

  constructor(path: string, left: Left, parts: HomeParts, room: Room) {
    this.#path = path;
    this.#parts = parts;
    this.#room = room;
    this.#connections = openConnections(path);
    const { files, pageSize, writer } = this.#connections;
    limitRoom(writer, room);
    this.books = new Books(files, pageSize, left);
    this.books.content.onCommit = parts.onCommit;
  }

  database(): OpenDatabase {
    const connections = this.#connections;
    const { files, pageSize, writer } = connections;
    const close = this.#closing(() => closeConnections(connections));
    return {
      ...connections,
      wal: new WatchedWal(files, pageSize, this.books, this.#room),
      executor: (limits) => new TimelessExecutor(writer, limits),
      files,
      startCheckpoints: () => this.#startCheckpoints(),
      fold: () => this.#fold(),
      close: () => {
        this.books.closing();
        close();
      },
      // They are closed at the end of the process.
      descriptors: [],
    };
  }

  openReader(onRead: ReaderWatch['onRead']): ReturnType<OpenReader> {
    const reader = new WatchedReader(this.#path, {
      onRead,
      onSeen: (at) => this.#checkSeen(at),
      onMoved: (held, at) => {
        const what = `a reader holds ${held.term}.${held.index}, and sees ${at.term}.${at.index}`;
        this.#parts.onViolation(new Violation('I6 one state', what));
      },
    });
    const close = this.#closing(reader.close.bind(reader));
    return Object.assign(reader, { close });
  }

  /** As SQLite sees it, and by the bytes in its files. */
  fault(): string | null {
    const { files, pageSize } = this.#connections;
    const difference = firstDifference(contentOf(readFiles(files), pageSize), this.books.content);
    if (difference !== null) return `the files hold another database: ${difference}`;
    const connection = new DatabaseSync(this.#path, { readOnly: true });
    const rows = connection.prepare('PRAGMA integrity_check').all();
    connection.close();
    const [first] = rows as { integrity_check: string }[];
    return first?.integrity_check === 'ok' ? null : JSON.stringify(first);
  }

  /** All connections, and at last the descriptors beside them. */
  closeAll(): void {
    for (const close of this.#open) close();
    for (const fd of this.#connections.files.descriptors) closeSync(fd);
  }

  /** A reader sees the last commit, and nothing else. */
  #checkSeen(seen: EntryId): void {
    const at = this.books.content.position(this.#parts.cluster);
    if (at === null || (at.index === seen.index && at.term === seen.term)) return;
    const what = `a reader sees ${seen.term}.${seen.index}, the database is at ${at.term}.${at.index}`;
    this.#parts.onViolation(new Violation('I6 atomic, in order, gapless', what));
  }

  #startCheckpoints(): CheckpointTools {
    const { thread, checkpointMs } = this.#parts;
    const checkpointer = new Checkpointer(this.#connections.files, 0);
    const pins = [this.#pin(), this.#pin()];
    const checkpoints = new TimedCheckpoints({
      ...{ thread, checkpointMs },
      run: (asked) => {
        const mode = this.#shortened(asked);
        return this.#checkpoint(mode, () => checkpointer.run(mode));
      },
      syncWal: () => checkpointer.syncWal(),
      ended: () => this.books.checkpointEnded(),
      close: this.#closing(() => checkpointer.close()),
    });
    return { pins: new Pins(pins), snapshotPin: this.#pin(), checkpoints };
  }

  #pin(): Pick<Pin, 'take' | 'release' | 'close'> {
    const pin = new Pin(this.#path);
    return {
      take: () => pin.take(),
      release: () => pin.release(),
      close: this.#closing(() => pin.close()),
    };
  }

  /** Every second WAL that is emptied loses its file's length, too: a foreign process may truncate it, or it has grown too long. */
  #shortened(mode: CheckpointMode): CheckpointMode {
    if (mode === 'PASSIVE') return mode;
    this.#emptied++;
    return this.#emptied % 2 === 0 ? mode : 'TRUNCATE';
  }

  #checkpoint(mode: CheckpointMode, run: () => CheckpointReply): CheckpointReply {
    if (this.#room.full) return { error: 'database or disk is full', unsynced: false };
    if (this.#parts.syncFails()) return { error: 'EIO', unsynced: true };
    const empties = mode !== 'PASSIVE';
    const foreign = empties && this.#parts.foreignReader() ? new Pin(this.#path) : null;
    foreign?.take();
    const reply = this.#watched(() => this.books.checkpoint(run, mode));
    foreign?.release();
    foreign?.close();
    this.#parts.onCheckpoint(this.books.content);
    return reply;
  }

  #fold(): boolean {
    if (this.#room.full) return false;
    const run = () => {
      const busy = !foldWal(this.#connections);
      return { busy, walFrames: 0, copiedFrames: 0 };
    };
    const reply = this.#watched(() => this.books.checkpoint(run, 'TRUNCATE'));
    this.books.checkpointEnded();
    this.#parts.onCheckpoint(this.books.content);
    return !('error' in reply) && !reply.busy;
  }

  /** What breaks an invariant must not come into the product's hands. */
  #watched(work: () => CheckpointReply): CheckpointReply {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      this.#parts.onViolation(error);
      return { error: error.message, unsynced: false };
    }
  }

  /** Closes once: by the product, or when its process is gone. */
  #closing(close: () => void): () => void {
    const once = () => {
      if (this.#open.delete(once)) close();
    };
    this.#open.add(once);
    return once;
  }
}
