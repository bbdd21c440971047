import { must } from '../base/assert.ts';
import { asPacelineError, PacelineError } from '../base/errors.ts';
import type { EntryId, Index } from '../raft/entry.ts';
import type { ChecksumValue } from '../redo/checksum.ts';
import { storedPositions } from '../sqlite/wal-positions.ts';
import type { Clock } from './clock.ts';
import type { DatabaseHome, OpenDatabase } from './database-home.ts';
import { needsRebuild, passes } from './fault-kinds.ts';
import { INFLIGHT_ENTRIES_MAX } from './inflight.ts';
import type { HeldSnapshot, LoopToSql, SqlToLoop } from './protocol.ts';
import { RunningDatabase, type RunningParts } from './running-database.ts';
import { Verdict } from './verdict.ts';

/** Positions reported from the WAL after a crash: more than can have been in flight. */
const POSITIONS_MAX = 4 * INFLIGHT_ENTRIES_MAX;

/** A foreign process that has the database to itself is waited for so long at the start; then `open` fails. */
const OPENING_MS_MAX = 5_000;

type Install = Extract<LoopToSql, { type: 'install' }>;

export interface SlotParts extends RunningParts {
  readonly home: DatabaseHome;
  readonly tellLoop: (message: SqlToLoop) => void;
  readonly clock: Clock;
}

/** The place of this member's database: opened at the start, replaced by another member's where it must be, closed at the end. */
export class DatabaseSlot {
  readonly #parts: SlotParts;
  readonly #verdict: Verdict;
  #opened: OpenDatabase | null = null;
  #running: RunningDatabase | null = null;
  #install: Install | null = null;
  /** Opens a database; stays until it has: a foreign process may have it to itself. */
  #toOpen: (() => void) | null = null;

  constructor(parts: SlotParts) {
    this.#parts = parts;
    this.#verdict = new Verdict({ ...parts, warn: (message) => this.#warn(message) });
  }

  /** Null while there is none that work can be done on. */
  get running(): RunningDatabase | null {
    return this.#running;
  }

  /** At the start. Throws DATABASE_BUSY; then `look` tries again. */
  open(): void {
    const { clock, tellLoop } = this.#parts;
    const beganMs = clock.now();
    this.#toOpen = () => {
      try {
        this.#openOwn();
      } catch (error) {
        if (!passes(error) || clock.now() - beganMs < OPENING_MS_MAX) throw error;
        tellLoop({ type: 'fault', error: asPacelineError(error).toRecord() });
      }
    };
    this.look();
  }

  /** Call in every turn. Throws DATABASE_BUSY, to be called again. */
  look(): void {
    this.#verdict.tryAgain();
    this.#toOpen?.();
    this.#toOpen = null;
  }

  #openOwn(): void {
    const { home, cluster, shared, tellLoop } = this.#parts;
    try {
      this.#verdict.check();
      this.#opened = home.open();
      checkCluster(this.#opened.position.cluster, cluster);
    } catch (error) {
      if (!needsRebuild(error)) throw error;
      return this.rebuild(error);
    }
    const { wal, pageSize } = this.#opened;
    const { term, index } = this.#opened.position;
    shared.setVisible(index);
    const inWal = storedPositions(wal, cluster, POSITIONS_MAX);
    tellLoop({ type: 'opened', position: { term, index }, inWal, pageSize });
  }

  /** The loop has found the database's place in the log; the database may be ahead of it. */
  begin(at: EntryId, checksum: ChecksumValue): void {
    // A second time, if going back failed for want of room.
    const running = this.#running ?? this.#run(must(this.#opened, 'an open database'), checksum);
    if (!running.engine.rewind(at, checksum)) {
      this.rebuild(cannotGoBack(at));
      return;
    }
    this.#parts.tellLoop({ type: 'begun', position: at });
    this.#letReadersIn();
  }

  rollBack(to: EntryId): void {
    if (this.#running === null) return;
    if (!this.#running.engine.rollBack(to)) return this.rebuild(cannotGoBack(to));
    this.#running.cycle.undone();
    this.#parts.tellLoop({ type: 'rolled-back', position: to });
  }

  /** The database is of no use any more: another one is fetched. */
  rebuild(error: PacelineError, received = false): void {
    this.#verdict.pass(error);
    // What it holds is not to be trusted by readers either.
    this.#sendReadersAway();
    this.#shut(false, () =>
      this.#parts.tellLoop({ type: 'unusable', error: error.toRecord(), received }),
    );
  }

  /** Keeps a committed state readable, for a snapshot. */
  hold(atLeast: Index): void {
    const { tellLoop } = this.#parts;
    const held = (snapshot: HeldSnapshot | null) => tellLoop({ type: 'snapshot-held', snapshot });
    if (this.#running === null) held(null);
    else this.#running.hold(atLeast, held);
  }

  /** Another member's database has been received. It takes the place of ours when no reader has that open any more. */
  install(install: Install): void {
    this.#install = install;
    this.#sendReadersAway();
  }

  #sendReadersAway(): void {
    this.#parts.shared.setReadersLeave(true);
    this.#parts.tellApp({ type: 'close-readers' });
  }

  readersClosed(): void {
    const install = this.#install;
    this.#install = null;
    if (install !== null) this.#shut(false, () => this.#putInPlace(install));
  }

  /** For the end. Only what is committed stays in the database; the log has the rest. */
  close(committed: Index, done: () => void): void {
    const clean = this.#undoUncommitted(committed);
    if (this.#running !== null && !clean)
      this.#warn('closed with entries in the database that are not known to be committed');
    this.#shut(clean, done);
  }

  /** What prevents it, as a full disk does, does not keep the member from ending: the next start undoes what has to be. */
  #undoUncommitted(committed: Index): boolean {
    try {
      return this.#running?.undoUncommitted(committed) ?? false;
    } catch (error) {
      this.#warn(asPacelineError(error).message);
      return false;
    }
  }

  #run(database: OpenDatabase, checksum: ChecksumValue): RunningDatabase {
    this.#running = new RunningDatabase(database, checksum, this.#parts);
    return this.#running;
  }

  #putInPlace(install: Install): void {
    this.#parts.turn(() => {
      this.#parts.home.replaceBy(install.file);
      this.#verdict.forget();
      this.#toOpen = () => this.#openReceived(install);
    });
  }

  #openReceived({ id, checksum }: Install): void {
    const { home, cluster, tellLoop, shared } = this.#parts;
    try {
      this.#opened = home.open();
      checkCluster(this.#opened.position.cluster, cluster);
      checkPosition(this.#opened.position, id);
    } catch (error) {
      if (!needsRebuild(error)) throw error;
      this.rebuild(error, true);
      return;
    }
    shared.setApplied(id.index);
    shared.noteUndone();
    shared.setVisible(id.index);
    this.#run(this.#opened, checksum);
    tellLoop({ type: 'installed', position: id });
    this.#letReadersIn();
  }

  #letReadersIn(): void {
    this.#parts.shared.setReadersLeave(false);
    this.#parts.tellApp({ type: 'readers-may-open' });
  }

  /** Closes what is open, and goes on when the last connection is closed. */
  #shut(fold: boolean, then: () => void): void {
    const opened = this.#opened;
    const running = this.#running;
    this.#opened = null;
    this.#running = null;
    if (opened === null) return then();
    const { descriptors } = opened;
    const closed = () => {
      this.#parts.tellApp({ type: 'descriptors-left', descriptors });
      then();
    };
    if (running === null) {
      opened.close();
      return closed();
    }
    running.close(fold).then((prevented) => {
      if (prevented !== null)
        this.#warn(`the WAL stays beside the database until the next start: ${prevented}`);
      closed();
    }, this.#parts.onFailure);
  }

  #warn(message: string): void {
    this.#parts.tellLoop({ type: 'warning', message });
  }
}

function cannotGoBack({ term, index }: EntryId): PacelineError {
  const why = `the database cannot be brought back to ${term}.${index}`;
  return new PacelineError(
    'DATABASE_DIVERGED',
    `${why}: its WAL no longer has what that takes; it is fetched from another member`,
  );
}

function checkCluster(found: string | null, wanted: string): void {
  if (found === null || found === wanted) return;
  throw new PacelineError(
    'DATABASE_DAMAGED',
    `the database belongs to another cluster (${found}, this is ${wanted}): it is fetched from another member`,
  );
}

function checkPosition(found: EntryId, wanted: EntryId): void {
  if (found.term === wanted.term && found.index === wanted.index) return;
  throw new PacelineError(
    'DATABASE_DAMAGED',
    `the database received is at ${found.term}.${found.index}, not at ${wanted.term}.${wanted.index}; it is fetched again`,
  );
}
