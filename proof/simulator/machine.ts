import type { Prng } from '../../src/base/prng.ts';
import type { DiskCall, DiskFault } from '../../src/log-store/disk-calls.ts';
import type { LogStore } from '../../src/log-store/log-store.ts';
import { MemoryDisk } from '../../src/log-store/memory-disk.ts';
import type { LogCreation } from '../../src/log-store/options.ts';
import { type EntryId, INITIAL_HARD_STATE, type Membership, ORIGIN } from '../../src/raft/entry.ts';
import { DatabaseChecksum } from '../../src/redo/checksum.ts';
import { PageHasher } from '../../src/redo/page-hash.ts';
import { seedPage } from '../../src/sqlite/seed.ts';
import type { Watched } from './checker.ts';
import type { MachineDatabase } from './database/member-database.ts';
import type { MemberProcess } from './member.ts';
import { losePower, type SnapshotDisk } from './snapshot-files.ts';
import type { SimThread } from './thread.ts';

/** What a disk does to the calls of the log beside what is planned: asked for each call. */
export type DiskPlan = (call: DiskCall) => DiskFault | null;

/** A member's computer: what outlives its processes. */
export class Machine {
  readonly id: string;
  readonly #prng: Prng;
  readonly #pageSize: number;
  readonly #membership: Membership;
  #disk: MemoryDisk;
  #created = false;
  #thread: SimThread | null = null;
  /** What the last process left for the checker. */
  #lastWatched: Watched | null = null;
  #full = false;
  process: MemberProcess | null = null;
  readonly database: MachineDatabase;
  readonly snapshots: SnapshotDisk;
  /** What is noted of its database, beside it. */
  readonly note: { condemned: string | null } = { condemned: null };
  /** Files of lost writes, by name. */
  readonly lost = new Map<string, Uint8Array>();
  clockRate = 1;
  starts = 0;
  /** It was damaged beyond what a member repairs, and waits for an operator. */
  outOfService = false;
  /** Damage was done to it on purpose: what is on its disk is not what was written. */
  damaged = false;
  diskPlan: DiskPlan = () => null;
  /** The next sync of its database's files. */
  databaseSyncFails = false;
  /** Something to happen right after the next commit of the database. */
  atCommit: (() => void) | null = null;
  /** The last log that a process had, and what was durable in it. */
  #log: LogStore | null = null;

  constructor(
    id: string,
    prng: Prng,
    pageSize: number,
    membership: Membership,
    database: MachineDatabase,
    snapshots: SnapshotDisk,
  ) {
    this.id = id;
    this.#prng = prng;
    this.#pageSize = pageSize;
    this.#membership = membership;
    this.#disk = new MemoryDisk(this.#diskOptions());
    this.database = database;
    this.snapshots = snapshots;
  }

  get disk(): MemoryDisk {
    return this.#disk;
  }

  get log(): LogStore | null {
    return this.#log;
  }

  get watched(): Watched | null {
    return this.process?.watched ?? this.#lastWatched;
  }

  /** No room for anything more, until there is again. */
  set full(full: boolean) {
    this.#full = full;
    this.#disk.capacityBytes = full ? this.#disk.usedBytes : Number.POSITIVE_INFINITY;
    this.snapshots.full = full;
    this.database.full = full;
  }

  get full(): boolean {
    return this.#full;
  }

  /** For a process that starts; `create` unless a log was made here before. */
  takeDisk(thread: SimThread): { disk: MemoryDisk; create: LogCreation | null } {
    this.#thread = thread;
    return { disk: this.#disk, create: this.#created ? null : this.#creation() };
  }

  logOpened(log: LogStore): void {
    this.#created = true;
    this.#log = log;
  }

  /** Whether the sync of its database's files that is being done fails; the next one does not. */
  takeDatabaseSyncFailure(): boolean {
    const fails = this.databaseSyncFails;
    this.databaseSyncFails = false;
    return fails;
  }

  /** Entries that were on disk when the last process ended. */
  durableEntries(): EntryId[] {
    const log = this.#log;
    const ids: EntryId[] = [];
    if (log === null || this.damaged) return ids;
    for (let index = log.base.index + 1; index <= log.durableIndex; index++)
      ids.push({ term: log.term(index)!, index });
    return ids;
  }

  /** The process is gone; `power`: with everything that was not synced. */
  ended(process: MemberProcess, power: boolean): void {
    this.#lastWatched = process.watched ?? this.#lastWatched;
    this.process = null;
    this.#thread = null;
    this.#disk.halt();
    this.#disk = power ? this.#disk.afterPowerLoss() : this.#disk.afterKill();
    this.database.ended(power);
    if (power) losePower(this.snapshots, this.#prng);
    if (!this.#created) this.#disk = new MemoryDisk(this.#diskOptions());
  }

  #diskOptions() {
    return {
      random: this.#prng,
      later: (work: () => void, ms: number) => void this.#thread?.after(ms, work),
      fault: (call: DiskCall) => this.diskPlan(call),
    };
  }

  #creation(): LogCreation {
    const page = seedPage(this.#pageSize);
    const checksum = new PageHasher().hash(1, page).take();
    const extra = new DatabaseChecksum(checksum).toBytes();
    const base = { id: ORIGIN, membership: this.#membership, extra };
    return { base, hardState: INITIAL_HARD_STATE };
  }
}
