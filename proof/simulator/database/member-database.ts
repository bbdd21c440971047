import type { DatabaseHome } from '../../../src/member/database-home.ts';
import type { OpenReader } from '../../../src/member/this-copy.ts';
import type { EntryId } from '../../../src/raft/entry.ts';
import type { SimThread } from '../thread.ts';
import type { DatabaseFiles, OnCommit } from './files.ts';
import type { OpenReaders } from './open-readers.ts';

/** What a process of a member does with its database beside what the product does. */
export interface HomeParts {
  readonly cluster: string;
  readonly pageSize: number;
  /** What is noted of the database on the machine's disk. */
  readonly note: { condemned: string | null };
  /** Files of lost writes, by name. */
  readonly lost: Map<string, Uint8Array>;
  /** The thread that works on the database. */
  readonly thread: SimThread;
  /** The database was opened, as it is now. */
  readonly onOpen: (files: DatabaseFiles) => void;
  readonly onCommit: OnCommit;
  /** The main file has changed. */
  readonly onCheckpoint: (files: DatabaseFiles) => void;
  /** Checkpoints, in milliseconds; drawn for each. */
  readonly checkpointMs: () => number;
  /** Whether a foreign reader is in the way of this checkpoint. */
  readonly foreignReader: () => boolean;
  /** Whether the disk fails to bring to its medium what this checkpoint is about. */
  readonly syncFails: () => boolean;
  /** The bytes of a file that was received. */
  readonly takeFile: (path: string) => Uint8Array;
  /** Something is not as it must be. */
  readonly onViolation: (violation: Error) => void;
}

/** The database as one process of a member has it. */
export interface MemberHome extends DatabaseHome {
  /** What is in it, by books of the simulator's own; null if it is gone, or was not opened yet. */
  readonly files: DatabaseFiles | null;
  readonly openReader: OpenReader;
  /** The connections for reads that are open. */
  readonly readers: OpenReaders;
  /** Of the state that a result, or its rows, was read from. */
  positionOf(result: object): EntryId | undefined;
  /** Of the state that was read last. */
  readonly lastReadAt: EntryId;
  /** Reads the main file or the WAL, for a snapshot; null if that is gone. */
  readFile(fd: number, into: Uint8Array, offset: number): number | null;
  /** Looks at all of it, now that nothing is going on; null if nothing is wrong. */
  fault(): string | null;
}

/** A machine's database: what outlives the processes. */
export interface MachineDatabase {
  /** For a process that starts. */
  home(parts: HomeParts): MemberHome;
  /** There is no room for another frame. */
  full: boolean;
  /** The process is gone; `power`: with what was not synced. */
  ended(power: boolean): void;
  /** The run is over. */
  discard(): void;
}
