import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DatabaseSync, type DatabaseSyncInstance } from '@photostructure/sqlite';
import type { ByteSource, ReadAt } from '../../src/wal/source.ts';
import type { FileWrite } from '../../src/wal/wal-index-writer.ts';

export type FilePart = '' | '-wal' | '-shm';

/** A fresh directory that goes away with the test. */
export function temporaryDirectory(t: { after(done: () => void): void }): string {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'paceline-wal-'));
  t.after(() => fs.rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/**
 * A database in WAL mode and its files. Descriptors stay open until the connections are closed:
 * closing one earlier would drop the locks that SQLite holds in this process.
 */
export class LiveDatabase {
  readonly path: string;
  readonly db: DatabaseSyncInstance;
  readonly #connections: DatabaseSyncInstance[] = [];
  readonly #descriptors = new Map<FilePart, number>();

  constructor(file: string, setup = '') {
    this.path = file;
    this.db = this.connect();
    this.db.exec(`${setup}; PRAGMA journal_mode=WAL`);
    this.db.prepare('SELECT count(*) FROM sqlite_schema').get();
  }

  connect(): DatabaseSyncInstance {
    const db = new DatabaseSync(this.path);
    db.exec('PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=0; PRAGMA foreign_keys=ON');
    this.#connections.push(db);
    return db;
  }

  reader(part: FilePart): ReadAt {
    const descriptor = this.#descriptor(part);
    return (offset, length) => {
      const bytes = new Uint8Array(length);
      return bytes.subarray(0, fs.readSync(descriptor, bytes, 0, length, offset));
    };
  }

  source(part: FilePart): ByteSource {
    return { size: fs.fstatSync(this.#descriptor(part)).size, read: this.reader(part) };
  }

  all(part: FilePart): Uint8Array {
    const { size, read } = this.source(part);
    return read(0, size);
  }

  write(part: FilePart, writes: readonly FileWrite[]): void {
    for (const { offset, bytes } of writes) {
      const done = fs.writeSync(this.#descriptor(part), bytes, 0, bytes.length, offset);
      assert.equal(done, bytes.length);
    }
  }

  /** Folds the whole WAL into the main file. */
  truncate(): void {
    const result = this.connect().prepare('PRAGMA wal_checkpoint(TRUNCATE)').get();
    assert.equal((result as { busy: number }).busy, 0, 'the checkpoint was kept off');
  }

  close(): void {
    for (const db of this.#connections) if (db.isOpen) db.close();
    for (const descriptor of this.#descriptors.values()) fs.closeSync(descriptor);
    this.#descriptors.clear();
  }

  #descriptor(part: FilePart): number {
    let descriptor = this.#descriptors.get(part);
    if (descriptor === undefined) {
      descriptor = fs.openSync(this.path + part, 'r+');
      this.#descriptors.set(part, descriptor);
    }
    return descriptor;
  }
}
