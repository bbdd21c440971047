import { assert } from '../base/assert.ts';
import type { Entry, EntryId, Index, Term } from '../raft/entry.ts';
import type { ChecksumValue } from '../redo/checksum.ts';
import { applyRecords, undoTo } from './apply.ts';
import { captureCommit } from './capture.ts';
import type { EngineConnections } from './connections.ts';
import { encodeEntryData, redoOf } from './entry-data.ts';
import { Executor, type ExecutorLimits, type Outcome, type Write } from './executor.ts';
import { PageImages } from './page-images.ts';
import { positionInPage } from './position-page.ts';
import type { WalFile } from './wal-file.ts';

/** What one SQLite commit brought: an entry for the log, and the answers that may be given once it is committed. */
export interface Executed {
  readonly id: EntryId;
  readonly data: Uint8Array;
}

export interface EngineOptions extends ExecutorLimits {
  readonly cluster: string;
  readonly pageCacheBytes: number;
  /** Called just before a commit up to `index` can be seen by readers, and with a lower index after one was undone (I5). */
  readonly onVisible: (index: Index, undone: boolean) => void;
}

/**
 * The database of one member: on the leader it runs writes and captures what they changed; on a follower it applies what the
 * leader captured. At exactly one position at any time (I6). Holds SQLite's writer lock except while a checkpoint
 * empties the WAL.
 */
export class Engine {
  readonly #options: EngineOptions;
  readonly #connections: EngineConnections;
  readonly #wal: WalFile;
  readonly #images: PageImages;
  readonly #executor: Executor;
  readonly #pageSize: number;
  #position: EntryId;
  #checksum: ChecksumValue;
  #term: Term | null = null;
  #schemaCookie = 0;

  /** The database must be at `position`, with `checksum`. */
  constructor(
    connections: EngineConnections,
    position: EntryId,
    checksum: ChecksumValue,
    options: EngineOptions,
  ) {
    this.#options = options;
    this.#connections = connections;
    this.#wal = connections.wal;
    this.#pageSize = connections.pageSize;
    this.#images = new PageImages(this.#wal, this.#pageSize, options.pageCacheBytes);
    this.#executor = new Executor(connections.writer, options);
    this.#position = position;
    this.#checksum = checksum;
  }

  get position(): EntryId {
    return this.#position;
  }

  get checksum(): ChecksumValue {
    return this.#checksum;
  }

  get leading(): boolean {
    return this.#term !== null;
  }

  /** Changes whenever the schema may have changed. */
  get schemaCookie(): number {
    return this.#schemaCookie;
  }

  /** Takes SQLite's writer lock where it is not held. Throws DATABASE_BUSY, FOREIGN_WRITE. */
  lock(): void {
    const { writer, lock } = this.#connections;
    if (this.leading ? writer.isTransaction : lock.held) return;
    if (this.leading) this.#executor.begin();
    else lock.take();
    this.#wal.checkUntouched();
  }

  /** For a checkpoint that needs it. Nothing may be run or applied until `lock`. */
  unlock(): void {
    this.#executor.end();
    this.#connections.lock.release();
  }

  /** Applies successive entries, the first one right after the present position, as one commit. */
  apply(entries: readonly Entry[]): void {
    const last = entries.at(-1);
    assert(!this.leading, 'a leader does not apply');
    assert(last !== undefined, 'something to apply');
    assert(entries[0]!.index === this.#position.index + 1, 'entries are applied without gaps');
    this.lock();
    const records = entries.map((entry) => redoOf(entry.data));
    const id = { term: last.term, index: last.index };
    this.#options.onVisible(id.index, false);
    this.#checksum = applyRecords(records, id, this.#wal, this.#images, this.#checksum);
    this.#position = id;
    if (records.some((record) => record.pages[0]?.pgno === 1)) this.#schemaCookie++;
    this.#renewLock();
  }

  /** Starts to lead: the database holds every entry of the log. Returns the entry that starts the term. */
  lead(term: Term): Executed {
    assert(!this.leading, 'leads already');
    assert(term > this.#position.term, 'a new term');
    this.#connections.lock.release();
    this.#term = term;
    this.lock();
    const id = { term, index: this.#position.index + 1 };
    this.#options.onVisible(id.index, false);
    this.#executor.startTerm(this.#options.cluster, id);
    return this.#capture(id);
  }

  /**
   * Runs a batch; `executed` is null if it changed nothing. Fewer outcomes than writes: the rest was left for later. A batch
   * that one of its writes spoiled is run one by one.
   */
  run(
    writes: readonly Write[],
    emit: (executed: Executed | null, outcomes: readonly Outcome[]) => void,
  ): number {
    const id = this.#nextId();
    this.lock();
    this.#options.onVisible(id.index, false);
    const ran = this.#executor.run(writes, id, this.#position);
    if (ran === null || !ran.wrote) this.#options.onVisible(this.#position.index, false);
    if (ran === null) return this.#runOneByOne(writes, emit);
    emit(ran.wrote ? this.#capture(id) : null, ran.outcomes);
    return ran.outcomes.length;
  }

  #runOneByOne(
    writes: readonly Write[],
    emit: (executed: Executed | null, outcomes: readonly Outcome[]) => void,
  ): number {
    for (const write of writes) this.run([write], emit);
    return writes.length;
  }

  /** Position and tables as for an ordinary write, without one: carries a membership entry. */
  runNothing(): Executed {
    const id = this.#nextId();
    this.lock();
    this.#options.onVisible(id.index, false);
    this.#executor.startTerm(this.#options.cluster, id);
    return this.#capture(id);
  }

  /** Stops leading; what was executed stays until it is committed or undone. */
  stepDown(): void {
    if (!this.leading) return;
    this.#executor.end();
    this.#term = null;
    this.lock();
  }

  /** Undoes the commits after `id`. False if the WAL does not have what that takes. */
  rollBack(id: EntryId): boolean {
    assert(!this.leading, 'a leader does not roll back');
    this.lock();
    const commit = this.#wal.findCommit(id) ?? this.#findInWal(id);
    if (commit === undefined) return false;
    this.#checksum = undoTo(commit, this.#wal, this.#images, this.#checksum, this.#pageSize);
    this.#position = id;
    this.#options.onVisible(id.index, true);
    this.#schemaCookie++;
    this.#renewLock();
    return true;
  }

  /** After the WAL was emptied or left: takes it up again. Throws DATABASE_BUSY, FOREIGN_WRITE. */
  relock(): void {
    this.#wal.takeUpAfterCheckpoint();
    this.lock();
  }

  #nextId(): EntryId {
    assert(this.#term !== null, 'only a leader runs writes');
    return { term: this.#term, index: this.#position.index + 1 };
  }

  /** The lock is taken again before the frames are read, so that a foreign commit in between is noticed. */
  #capture(id: EntryId): Executed {
    this.#executor.begin();
    const committed = this.#wal.readCommitted();
    const record = captureCommit(
      committed,
      this.#wal,
      this.#images,
      this.#checksum,
      this.#pageSize,
    );
    this.#wal.noteCommitted(committed, id);
    this.#checksum = record.checksumAfter;
    this.#position = id;
    if (record.pages[0]?.pgno === 1) this.#schemaCookie++;
    return { id, data: encodeEntryData(record) };
  }

  /** A new lock has a new read mark: an old one's would hold checkpoints back. */
  #renewLock(): void {
    this.#connections.lock.release();
    this.lock();
  }

  #findInWal(id: EntryId) {
    for (const { frame, databasePages, images } of this.#wal.commitsNewestFirst()) {
      const found = findPosition(images, this.#options.cluster);
      if (found?.index === id.index && found.term === id.term) return { id, frame, databasePages };
    }
    return undefined;
  }
}

/** The position that a commit with these pages brought the database to; null if it has no `_paceline` page. */
function findPosition(images: readonly Uint8Array[], cluster: string): EntryId | null {
  for (const image of images) {
    const position = positionInPage(image, cluster);
    if (position !== null) return position;
  }
  return null;
}

/** The positions of the commits in the WAL, newest first, at most `countMax`. */
export function positionsInWal(wal: WalFile, cluster: string, countMax: number): EntryId[] {
  const positions: EntryId[] = [];
  for (const { images } of wal.commitsNewestFirst()) {
    const position = findPosition(images, cluster);
    if (position === null || positions.length === countMax) break;
    positions.push(position);
  }
  return positions;
}
