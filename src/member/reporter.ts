import type { EntryId } from '../raft/entry.ts';
import type { Clock, Timer } from './clock.ts';
import type { DatabaseHome } from './database-home.ts';
import type { DatabaseReport } from './protocol.ts';
import type { RunningDatabase } from './running-database.ts';

/** How often the loop is told how the database is. */
const REPORT_MS = 100;

/** Tells the loop where the database stands: at once, and then again after a while if something has changed by then. */
export class Reporter {
  readonly #current: () => RunningDatabase | null;
  readonly #post: (report: DatabaseReport) => void;
  readonly #clock: Clock;
  readonly #home: Pick<DatabaseHome, 'lostFiles'>;
  #timer: Timer | null = null;
  #reported: EntryId | null = null;

  constructor(
    clock: Clock,
    home: Pick<DatabaseHome, 'lostFiles'>,
    current: () => RunningDatabase | null,
    post: (report: DatabaseReport) => void,
  ) {
    this.#clock = clock;
    this.#current = current;
    this.#post = post;
    this.#home = home;
  }

  /** Call when something may have changed. */
  look(): void {
    if (this.#timer === null) this.#send();
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #send(): void {
    this.#timer = null;
    const running = this.#current();
    if (running === null || running.engine.position === this.#reported) return;
    const { engine, database } = running;
    const { pageSize, wal } = database;
    const { position, checksum } = engine;
    this.#reported = position;
    this.#timer = this.#clock.later(() => this.#send(), REPORT_MS);
    const databaseBytes = wal.databasePages * pageSize;
    this.#post({
      type: 'report',
      position,
      checksum,
      pageSize,
      databaseBytes,
      walBytes: wal.bytes,
      lostFiles: this.#home.lostFiles(),
    });
  }
}
