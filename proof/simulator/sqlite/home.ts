import { readSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { must } from '../../../src/base/assert.ts';
import type { Prng } from '../../../src/base/prng.ts';
import { type OpenDatabase, sqliteHome } from '../../../src/member/database-home.ts';
import type { OpenReader } from '../../../src/member/this-copy.ts';
import { type EntryId, ORIGIN } from '../../../src/raft/entry.ts';
import type { DatabaseFiles } from '../database/files.ts';
import type { HomeParts, MemberHome } from '../database/member-database.ts';
import { OpenReaders } from '../database/open-readers.ts';
import type { Left } from './books.ts';
import { OpenedDatabase } from './opened.ts';
import type { Room } from './room.ts';
import { synced } from './stored-file.ts';
import { withoutPath } from './wal.ts';

/** The database of a process on real SQLite, in a directory of its own. */
export class SqliteHome implements MemberHome {
  readonly #dir: string;
  readonly #path: string;
  readonly #parts: HomeParts;
  readonly #room: Room;
  readonly #readAt = new WeakMap<object, EntryId>();
  lastReadAt: EntryId = ORIGIN;
  readonly readers = new OpenReaders();
  /** The last one is the present one, the others were replaced. */
  readonly #opened: OpenedDatabase[] = [];
  /** What is in the directory while nothing is open there. */
  #left: Left | null;

  constructor(dir: string, left: Left, parts: HomeParts, room: Room) {
    this.#dir = dir;
    this.#path = join(dir, 'main.db');
    this.#parts = parts;
    this.#room = room;
    this.#left = left;
    writeFileSync(this.#path, left.main.written);
    writeFileSync(`${this.#path}-wal`, left.wal.written);
  }

  get files(): DatabaseFiles | null {
    return this.#left === null ? this.#present.books.content : null;
  }

  open(): OpenDatabase {
    const left = must(this.#left, 'a database that is not open');
    const opened = withoutPath(
      this.#path,
      () => new OpenedDatabase(this.#path, left, this.#parts, this.#room),
    );
    this.#opened.push(opened);
    this.#left = null;
    this.#parts.onOpen(opened.books.content);
    return opened.database();
  }

  replaceBy(file: string): void {
    this.readers.mustBeClosed(this.#parts.onViolation);
    const bytes = this.#parts.takeFile(file);
    const received = join(this.#dir, 'received.db');
    writeFileSync(received, bytes);
    sqliteHome(this.#path, this.#dir).replaceBy(received, []);
    this.#left = { main: synced(bytes), wal: synced(new Uint8Array(0)) };
    this.#parts.note.condemned = null;
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

  readonly openReader: OpenReader = () =>
    this.readers.opened(
      this.#present.openReader((at, results) => {
        this.lastReadAt = at;
        for (const result of results) this.#readAt.set(result, at);
      }),
    );

  positionOf(result: object): EntryId | undefined {
    return this.#readAt.get(result);
  }

  readFile(fd: number, into: Uint8Array, offset: number): number {
    return readSync(fd, into, 0, into.length, offset);
  }

  fault(): string | null {
    return this.#present.fault();
  }

  /** The process is gone: what it leaves to the next one. */
  end(power: boolean, prng: Prng): Left {
    const left = this.#left ?? this.#present.books.left(power, prng);
    this.close();
    return left;
  }

  /** Nothing of it is open any more. */
  close(): void {
    this.readers.gone();
    for (const opened of this.#opened) opened.closeAll();
    this.#opened.length = 0;
  }

  get #present(): OpenedDatabase {
    return must(this.#opened.at(-1), 'a database that was opened');
  }
}
