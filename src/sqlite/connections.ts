import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { messageOf, PacelineError } from '../base/errors.ts';
import type { EntryId } from '../raft/entry.ts';
import { decodePageSize, frameOffset } from '../wal/format.ts';
import { type Connection, DatabaseSync } from './binding.ts';
import { DatabaseFiles } from './database-files.ts';
import { fileError } from './disk-room.ts';
import type { EngineParts } from './engine-parts.ts';
import { Executor, type ExecutorLimits } from './executor.ts';
import { readPosition } from './own-tables.ts';
import { WalFile } from './wal-file.ts';
import { WriterLock } from './writer-lock.ts';

/** How long SQLite waits for a foreign process's lock before it says BUSY; the SQL thread stands still meanwhile. */
const BUSY_MS = 200;
/** The writer's page cache; beyond it a large transaction spills to the WAL. In KiB, negative as SQLite wants it. */
const WRITER_CACHE_KIB = -32_000;

/** Everything that one member has open of its database. */
export interface EngineConnections extends EngineParts {
  readonly writer: Connection;
  readonly lock: WriterLock;
  readonly files: DatabaseFiles;
  readonly wal: WalFile;
  /** What the database itself records. */
  readonly position: EntryId & { readonly cluster: string | null };
}

/** Opens a database in WAL mode. Throws DATABASE_MISSING, DATABASE_DAMAGED, DATABASE_BUSY, DISK_FULL, IO. */
export function openConnections(path: string): EngineConnections {
  const pageSize = pageSizeOf(path);
  const writer = openWriter(path);
  try {
    return connectionsWith(writer, path, pageSize);
  } catch (error) {
    writer.close();
    throw error;
  }
}

function connectionsWith(writer: Connection, path: string, pageSize: number): EngineConnections {
  const position = readStart(writer, path);
  const lock = new WriterLock(path, BUSY_MS);
  try {
    lock.take();
    const files = new DatabaseFiles(path);
    const wal = new WalFile(files, pageSize);
    // What an end that was not clean has left.
    if (wal.frames > 0) files.renewWal(frameOffset(pageSize, wal.frames + 1));
    lock.release();
    const executor = (limits: ExecutorLimits) => new Executor(writer, limits);
    return { writer, executor, lock, files, wal, pageSize, position };
  } catch (error) {
    lock.close();
    throw error;
  }
}

/**
 * Brings everything into the main file, for a database that is about to be closed; false if a foreign reader prevents it. Throws
 * DISK_FULL, IO. Not left to SQLite: a connection of another thread that was closed, but not collected yet, would keep it from being the last one.
 */
export function foldWal({ writer, lock }: EngineConnections): boolean {
  if (writer.isTransaction) writer.exec('ROLLBACK');
  return lock.foldWal();
}

/** Closes the connections. The descriptors beside them stay open: see `DatabaseFiles`. */
export function closeConnections({ writer, lock }: EngineConnections): void {
  lock.close();
  writer.close();
}

function openWriter(path: string): Connection {
  const writer = new DatabaseSync(path, { timeout: BUSY_MS, enableForeignKeyConstraints: true });
  try {
    const mode = writer.prepare('PRAGMA journal_mode').get() as { journal_mode: string };
    if (mode.journal_mode !== 'wal')
      throw damaged(path, `its journal mode is ${mode.journal_mode}, not wal`);
    writer.exec('PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=0');
    writer.exec(`PRAGMA cache_size=${WRITER_CACHE_KIB}`);
  } catch (error) {
    writer.close();
    throw error instanceof PacelineError ? error : asDamage(path, error);
  }
  return writer;
}

/** The first read opens the WAL and, after a crash, recovers its index. */
function readStart(writer: Connection, path: string) {
  try {
    return readPosition(writer);
  } catch (error) {
    throw asDamage(path, error);
  }
}

function asDamage(path: string, error: unknown): PacelineError {
  if (error instanceof PacelineError) return damaged(path, error.message);
  const known = fileError(error, path);
  return known.code === 'SQL' || known.code === 'DATABASE_DAMAGED'
    ? damaged(path, messageOf(error))
    : known;
}

/** Read before any connection exists, so that closing the descriptor harms no lock. */
function pageSizeOf(path: string): number {
  if (!existsSync(path))
    throw new PacelineError(
      'DATABASE_MISSING',
      `the database ${path} is gone, its log is still there; it has to be copied from another member`,
    );
  const header = Buffer.alloc(100);
  const fd = openSync(path, 'r');
  const got = readSync(fd, header, 0, 100, 0);
  closeSync(fd);
  const pageSize = got === 100 ? decodePageSize(header.readUInt16BE(16)) : 0;
  if (pageSize === 0 || header.toString('latin1', 0, 15) !== 'SQLite format 3')
    throw damaged(path, 'it has no SQLite header');
  return pageSize;
}

function damaged(path: string, why: string): PacelineError {
  return new PacelineError(
    'DATABASE_DAMAGED',
    `the database ${path} cannot be used: ${why}; it has to be copied from another member`,
  );
}
