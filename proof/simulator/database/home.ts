import { assert } from '../../../src/base/assert.ts';
import { PacelineError } from '../../../src/base/errors.ts';
import type { CheckpointTools, OpenDatabase } from '../../../src/member/database-home.ts';
import type { OpenReader } from '../../../src/member/this-copy.ts';
import { type EntryId, ORIGIN } from '../../../src/raft/entry.ts';
import { SimCheckpoints, SimPins } from './checkpoints.ts';
import { SimExecutor } from './executor.ts';
import { DatabaseFiles } from './files.ts';
import type { HomeParts, MemberHome } from './member-database.ts';
import { OpenReaders } from './open-readers.ts';
import { SimReader } from './reader.ts';
import { SimWal } from './wal.ts';

/** What snapshots are read by. */
const MAIN_FD = 0;
const WAL_FD = 1;

/** The simulator's database as one process of a member has it. */
export class SimHome implements MemberHome {
  readonly #parts: HomeParts;
  readonly #readAt = new WeakMap<object, EntryId>();
  /** The state that was read last. */
  lastReadAt: EntryId = ORIGIN;
  readonly readers = new OpenReaders();
  /** Null if it is gone. */
  files: DatabaseFiles | null;

  constructor(parts: HomeParts, files: DatabaseFiles | null) {
    this.#parts = parts;
    this.files = files;
  }

  open(): OpenDatabase {
    const { cluster, thread, onOpen, onCommit, onCheckpoint } = this.#parts;
    const files = this.files;
    if (files === null) throw new PacelineError('DATABASE_MISSING', 'the database is gone');
    files.onCommit = onCommit;
    onOpen(files);
    const found = files.position(cluster);
    const pins = new SimPins(files);
    const tools: CheckpointTools = {
      pins,
      snapshotPin: pins.snapshot,
      checkpoints: new SimCheckpoints(files, pins, thread, this.#parts),
    };
    return {
      wal: new SimWal(files),
      pageSize: files.pageSize,
      lock: new SimLock(),
      executor: (limits) => new SimExecutor(files, limits),
      position: found === null ? { ...ORIGIN, cluster: null } : { ...found, cluster },
      files: { mainFd: MAIN_FD, walFd: WAL_FD },
      startCheckpoints: () => tools,
      fold() {
        if (files.full || files.heldFrame !== null) return false;
        files.copy(files.frames);
        files.empty();
        onCheckpoint(files);
        return true;
      },
      close: () => {},
      descriptors: [],
    };
  }

  condemn(why: string): void {
    this.#parts.note.condemned = why;
  }

  condemned(): string | null {
    return this.#parts.note.condemned;
  }

  saveLost(name: string, bytes: Uint8Array): string {
    this.#parts.lost.set(name, bytes);
    return name;
  }

  lostFiles(): number {
    return this.#parts.lost.size;
  }

  replaceBy(file: string): void {
    const { takeFile, pageSize } = this.#parts;
    const full = this.files?.full ?? false;
    this.files = null;
    this.readers.mustBeClosed(this.#parts.onViolation);
    const bytes = takeFile(file);
    assert(bytes.length % pageSize === 0, 'whole pages');
    const pages = Array.from({ length: bytes.length / pageSize }, (_, i) =>
      bytes.slice(i * pageSize, (i + 1) * pageSize),
    );
    this.files = new DatabaseFiles(pageSize, pages);
    this.files.full = full;
    this.#parts.note.condemned = null;
  }

  readFile(fd: number, into: Uint8Array, offset: number): number | null {
    if (this.files === null) return null;
    return fd === MAIN_FD ? this.files.readMain(into, offset) : this.files.readWal(into, offset);
  }

  /** All that can be wrong with it shows in its checksum. */
  fault(): null {
    return null;
  }

  positionOf(result: object): EntryId | undefined {
    return this.#readAt.get(result);
  }

  readonly openReader: OpenReader = () => {
    const files = this.files;
    assert(files !== null, 'a database to read');
    const { cluster } = this.#parts;
    return this.readers.opened(
      new SimReader(files, cluster, (at, results) => {
        this.lastReadAt = at;
        for (const result of results) this.#readAt.set(result, at);
      }),
    );
  };
}

/** SQLite's writer lock, which nobody else wants here. */
class SimLock {
  held = false;

  take(): void {
    assert(!this.held, 'the lock is taken once');
    this.held = true;
  }

  release(): void {
    this.held = false;
  }
}
