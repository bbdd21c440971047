import { assert, must } from '../base/assert.ts';
import { PacelineError } from '../base/errors.ts';
import type { Entry, EntryId, Index, Term } from '../raft/entry.ts';
import type { ChecksumValue } from '../redo/checksum.ts';
import { applyRecords, undoTo } from './apply.ts';
import { captureCommit } from './capture.ts';
import type { Emit, EngineOptions, EngineParts, Executed } from './engine-parts.ts';
import { encodeEntryData, redoOf, tooLarge } from './entry-data.ts';
import type { Write } from './executor.ts';
import { leavesKeysUnenforced } from './foreign-keys.ts';
import { Interactive } from './interactive.ts';
import { KnownCommits } from './known-commits.ts';
import type { LiveWal, WalCommit } from './live-wal.ts';
import { PageImages } from './page-images.ts';

/**
 * The database of one member: on the leader it runs writes and captures what they changed; on a follower it applies what the
 * leader captured. At exactly one position at any time (I6). Holds SQLite's writer lock except while a checkpoint
 * empties the WAL.
 */
export class Engine {
  readonly #options: EngineOptions;
  readonly #lock: EngineParts['lock'];
  readonly #wal: LiveWal;
  readonly #images: PageImages;
  readonly #executor: ReturnType<EngineParts['executor']>;
  readonly #pageSize: number;
  /** What this database can be brought back to. */
  readonly commits: KnownCommits;
  /** What one caller has the writer connection for; nothing else may be run while it is open. */
  readonly interactive: Interactive;
  #position: EntryId;
  #checksum: ChecksumValue;
  #term: Term | null = null;
  #schemaCookie = 0;

  /** The database must be at `position`, with `checksum`; where that is not known yet, call `rewind` first. */
  constructor(
    parts: EngineParts,
    position: EntryId,
    checksum: ChecksumValue,
    options: EngineOptions,
  ) {
    this.#options = options;
    this.#lock = parts.lock;
    this.#wal = parts.wal;
    this.commits = new KnownCommits(parts.wal, options.cluster);
    this.#pageSize = parts.pageSize;
    this.#images = new PageImages(this.#wal, this.#pageSize, options.pageCacheBytes);
    this.#executor = parts.executor(options);
    this.interactive = new Interactive({
      executor: this.#executor,
      lock: () => this.lock(),
      position: () => this.#position,
      bytesMax: options.transactionBytesMax,
      commit: (work, mayBeLost) => this.#commitInteractive(work, mayBeLost),
    });
    this.#position = position;
    this.#checksum = checksum;
    this.#wal.noteOpened(position);
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
    if (this.leading ? this.#executor.isOpen : this.#lock.held) return;
    if (this.leading) this.#executor.begin();
    else this.#lock.take();
    try {
      this.#wal.takeUp();
    } catch (error) {
      this.unlock(); // so that the next try finds it, too
      throw error;
    }
  }

  /** For a checkpoint that needs it. Nothing may be run or applied until `lock`. */
  unlock(): void {
    assert(!this.interactive.open, 'no transaction is cut off for a checkpoint');
    this.#executor.end();
    this.#lock.release();
  }

  /** Applies successive entries, the first one right after the present position, as one commit. */
  apply(entries: readonly Entry[]): void {
    const last = entries.at(-1);
    assert(!this.leading, 'a leader does not apply');
    assert(last !== undefined, 'something to apply');
    assert(entries[0]!.index === this.#position.index + 1, 'I6: entries are applied without gaps');
    this.lock();
    const records = entries.map((entry) => redoOf(entry.data));
    const id = { term: last.term, index: last.index };
    this.#options.onVisible(id.index, false);
    this.#checksum = applyRecords(records, id, this.#wal, this.#images, this.#checksum);
    this.#position = id;
    if (records.some((record) => record.pages[0]?.pgno === 1)) this.#schemaCookie++;
    this.#renewLock();
  }

  /** Starts to lead: the database holds every entry of the log. Returns the entry that starts the term. Throws DISK_FULL, DATABASE_BUSY. */
  lead(term: Term): Executed {
    assert(!this.leading, 'leads already');
    assert(term > this.#position.term, 'a new term');
    this.#lock.release();
    this.#term = term;
    const id = { term, index: this.#position.index + 1 };
    try {
      this.lock();
      this.#options.onVisible(id.index, false);
      this.#executor.startTerm(this.#options.cluster, id);
    } catch (error) {
      // Nothing was committed: it may be tried again.
      this.#executor.end();
      this.#term = null;
      this.#options.onVisible(this.#position.index, false);
      throw error;
    }
    const executed = must(this.#capture(id, false), 'an entry that starts a term is small');
    this.#lockIfPossible();
    return executed;
  }

  /**
   * Runs a batch, as much of it as fits its time; returns how many writes that was. A batch that one of its writes spoiled, or
   * that is too large for one entry, is run one by one.
   */
  run(writes: readonly Write[], emit: Emit): number {
    assert(!this.interactive.open, 'writes wait for an interactive transaction');
    const [first] = writes;
    if (first !== undefined && leavesKeysUnenforced(first.statements))
      return this.#withoutKeys(() => this.#run([first], emit));
    return this.#run(writes, emit);
  }

  /** Enforcement cannot be switched within a transaction, and one is always open. */
  #withoutKeys<T>(work: () => T): T {
    this.unlock();
    this.#executor.enforceForeignKeys(false);
    try {
      return work();
    } finally {
      this.#executor.end();
      this.#executor.enforceForeignKeys(true);
      this.#lockIfPossible();
    }
  }

  #run(writes: readonly Write[], emit: Emit): number {
    const id = this.#nextId();
    this.lock();
    this.#options.onVisible(id.index, false);
    const ran = this.#executor.run(writes, id);
    const executed = ran?.wrote === true ? this.#capture(id, writes.some(isAtRisk)) : null;
    this.#options.onVisible(this.#position.index, false);
    if (ran === null) return this.#runOneByOne(writes, emit);
    if (executed !== null || !ran.wrote) emit(executed, ran.outcomes);
    else if (ran.outcomes.length > 1)
      return this.#runOneByOne(writes.slice(0, ran.outcomes.length), emit);
    else emit(null, [{ error: tooLarge(this.#options.transactionBytesMax).toRecord() }]);
    this.#lockIfPossible();
    return ran.outcomes.length;
  }

  #runOneByOne(writes: readonly Write[], emit: Emit): number {
    for (const write of writes) this.run([write], emit);
    return writes.length;
  }

  #commitInteractive(work: (id: EntryId) => void, mayBeLost: boolean): Executed | null {
    const id = this.#nextId();
    this.#options.onVisible(id.index, false);
    try {
      work(id);
      return this.#capture(id, mayBeLost);
    } finally {
      this.#options.onVisible(this.#position.index, false);
      this.#lockIfPossible();
    }
  }

  /** Stops leading; what was executed stays until it is committed or undone. */
  stepDown(): void {
    if (!this.leading) return;
    this.interactive.lost();
    this.#executor.end();
    this.#term = null;
    this.lock();
  }

  /** Undoes the commits after `id`. False if the WAL does not have what that takes. */
  rollBack(id: EntryId): boolean {
    assert(!this.leading, 'a leader does not roll back');
    this.lock();
    const commit = this.commits.at(id);
    if (commit === undefined) return false;
    this.#checksum = undoTo(commit, this.#wal, this.#images, this.#checksum, this.#pageSize);
    this.#position = id;
    this.#options.onVisible(id.index, true);
    this.#schemaCookie++;
    this.#renewLock();
    return true;
  }

  /**
   * At the start: brings the database, which is ahead of its log by what a crash kept out of that, back to `id`, where it has
   * this checksum. False if the WAL does not have what that takes.
   */
  rewind(id: EntryId, checksum: ChecksumValue): boolean {
    if (id.index !== this.#position.index || id.term !== this.#position.term) {
      if (!this.rollBack(id)) return false;
    }
    this.#checksum = checksum;
    return true;
  }

  /** Undoes what is above the commit index. False if that is not possible. */
  undoAbove(committed: Index): boolean {
    if (this.#position.index <= committed) return true;
    const commit = this.#wal.lastCommitUpTo(committed);
    return commit !== undefined && this.rollBack(commit.id);
  }

  #nextId(): EntryId {
    assert(this.#term !== null, 'only a leader runs writes');
    return { term: this.#term, index: this.#position.index + 1 };
  }

  /** The entry of the commit just made; null if it is too large for one, and was undone. */
  #capture(id: EntryId, mayBeLost: boolean): Executed | null {
    const before = { id: this.#position, databasePages: this.#wal.databasePages };
    const committed = this.#wal.readCommitted();
    const record = captureCommit(
      committed,
      this.#wal,
      this.#images,
      this.#checksum,
      this.#pageSize,
    );
    this.#wal.noteCommitted(id);
    this.#checksum = record.checksumAfter;
    if (record.pages[0]?.pgno === 1) this.#schemaCookie++;
    const data = encodeEntryData(record, mayBeLost);
    if (data.length > this.#options.transactionBytesMax) {
      this.#undoWhileLeading({ ...before, frame: committed.from });
      return null;
    }
    this.#position = id;
    return { id, data };
  }

  /** What was just committed is safe with us; a foreign process that was quicker is dealt with before the next batch. */
  #lockIfPossible(): void {
    try {
      this.lock();
    } catch (error) {
      if (!(error instanceof PacelineError) || error.code !== 'DATABASE_BUSY') throw error;
    }
  }

  /** The writer connection must not hold the lock while frames are appended beside SQLite: its page cache would be stale. */
  #undoWhileLeading(commit: WalCommit): void {
    this.#lock.take();
    this.#wal.takeUp();
    this.#checksum = undoTo(commit, this.#wal, this.#images, this.#checksum, this.#pageSize);
    this.#lock.release();
    this.#executor.begin();
    this.#executor.reload();
    this.#wal.takeUp();
    this.#options.onVisible(commit.id.index, true);
    this.#schemaCookie++;
  }

  /** A new lock has a new read mark: an old one's would hold checkpoints back. */
  #renewLock(): void {
    this.#lock.release();
    this.lock();
  }
}

const isAtRisk = ({ mayBeLost }: Write) => mayBeLost === true;
