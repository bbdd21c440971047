import { renameSync, rmSync } from 'node:fs';
import type { EntryId } from '../raft/entry.ts';
import { Checkpoints } from '../sqlite/checkpoints.ts';
import { closeConnections, foldWal, openConnections } from '../sqlite/connections.ts';
import type { DatabaseFiles } from '../sqlite/database-files.ts';
import type { EngineParts } from '../sqlite/engine-parts.ts';
import { Pin } from '../sqlite/pin.ts';
import { Pins } from '../sqlite/pins.ts';
import { acquit, condemn, condemnedFor } from './condemned.ts';
import { lostFilesIn, saveLostFile } from './lost-directory.ts';

/** The place where a member's database is: SQLite's files; what a simulator has in their place. */
export interface DatabaseHome {
  /** Throws DATABASE_MISSING, DATABASE_DAMAGED, DATABASE_BUSY. */
  open(): OpenDatabase;
  /** Notes durably that the database must not be used any more, whatever becomes of this process. Throws DISK_FULL, IO. */
  condemn(why: string): void;
  /** Why it must not be used; null if it may. */
  condemned(): string | null;
  /** The main file at `file` takes the place of the database, which must be closed, and of what was noted of that. */
  replaceBy(file: string): void;
  /** Keeps a file of lost writes, durably; returns its path. */
  saveLost(name: string, bytes: Uint8Array): string;
  /** How many such files there are. */
  lostFiles(): number;
}

/** A database that is open, and not yet known to have a place in the log. */
export interface OpenDatabase extends EngineParts {
  /** What the database itself records; no cluster in the empty one that every member starts with. */
  readonly position: EntryId & { readonly cluster: string | null };
  /** For members that are given a copy. */
  readonly files: Pick<DatabaseFiles, 'mainFd' | 'walFd'>;
  /** What keeps its WAL short. `onFailure`: checkpoints cannot go on. */
  startCheckpoints(onFailure: (error: Error) => void): CheckpointTools;
  /** Brings everything into the main file; false if a foreign reader prevents it. Throws DISK_FULL, IO. */
  fold(): boolean;
  close(): void;
  /** To be closed only when no connection of this process has the database open any more. */
  readonly descriptors: readonly number[];
}

export interface CheckpointTools {
  readonly pins: Pick<
    Pins,
    'heldIndex' | 'hold' | 'rollTo' | 'committed' | 'undone' | 'release' | 'close'
  >;
  /** Keeps what is given to another member readable. */
  readonly snapshotPin: Pick<Pin, 'take' | 'release' | 'close'>;
  readonly checkpoints: Pick<Checkpoints, 'start' | 'syncWal' | 'close'>;
}

export function sqliteHome(path: string, lost: string): DatabaseHome {
  return {
    open: () => openSqlite(path),
    condemn: (why) => condemn(path, why),
    condemned: () => condemnedFor(path),
    replaceBy(file) {
      for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
      renameSync(file, path);
      acquit(path);
    },
    saveLost: (name, bytes) => saveLostFile(lost, name, bytes),
    lostFiles: () => lostFilesIn(lost).length,
  };
}

function openSqlite(path: string): OpenDatabase {
  const connections = openConnections(path);
  const { files } = connections;
  return {
    ...connections,
    startCheckpoints: (onFailure) => ({
      pins: new Pins([new Pin(path), new Pin(path)]),
      snapshotPin: new Pin(path),
      checkpoints: new Checkpoints(files, onFailure),
    }),
    fold: () => foldWal(connections),
    close: () => closeConnections(connections),
    descriptors: files.descriptors,
  };
}
