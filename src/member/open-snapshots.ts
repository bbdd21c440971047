import type { ColumnInfo } from '../api/reads.ts';
import type { QueryResult } from '../api/request.ts';
import type { SqlArgs, SqlValue } from '../api/value.ts';
import { PacelineError } from '../base/errors.ts';
import type { FirstRow, StatementSource } from './in-place-statement.ts';
import type { SharedState } from './shared-state.ts';
import type { OpenedReader, ThisCopy } from './this-copy.ts';

/** Connections kept for the next snapshot. */
const SPARE_MAX = 4;

const TOO_LONG =
  'this snapshot was held so long that the WAL grew to snapshotWalBytesMax: read in smaller parts, or raise that';

export function snapshotTooLong(): PacelineError {
  return new PacelineError('SNAPSHOT_ENDED', TOO_LONG);
}

/** A state of the database that is held: one connection in a read transaction. Throws SNAPSHOT_ENDED when it is not held any more. */
export interface HeldState extends StatementSource {
  readonly ended: boolean;
  release(): void;
}

/**
 * The states of the database that are held on this thread: by `snapshot`, and by statements that are iterated over. Each
 * keeps the WAL from being emptied, so all end when that has become too long, and when another copy takes this one's place.
 */
export class OpenSnapshots {
  readonly #copy: ThisCopy;
  readonly #shared: SharedState;
  readonly #openMax: number;
  readonly #held = new Set<Held>();
  #spare: OpenedReader[] = [];

  constructor(copy: ThisCopy, shared: SharedState, openMax: number) {
    this.#copy = copy;
    this.#shared = shared;
    this.#openMax = openMax;
  }

  /** Holds the state of now, which need not be committed. Throws OVERLOADED, NOT_READY. */
  hold(): HeldState {
    if (this.#held.size >= this.#openMax)
      throw new PacelineError(
        'OVERLOADED',
        `${this.#openMax} snapshots and iterations are open already: end some, or raise snapshotsMax`,
      );
    const reader = this.#spare.pop() ?? this.#copy.open();
    const held = new Held(reader, this.#shared, (ended) => this.#ended(ended));
    this.#held.add(held);
    this.#shared.addOpenSnapshots(1);
    try {
      reader.begin();
    } catch (error) {
      held.release();
      throw error;
    }
    return held;
  }

  /** The WAL has become too long: those taken before that was noted let go. */
  endOld(): void {
    for (const held of [...this.#held]) held.look();
  }

  /** The files are about to be replaced. */
  close(why: string): void {
    for (const held of [...this.#held]) held.end(why);
    for (const reader of this.#spare) reader.close();
    this.#spare = [];
  }

  #ended(held: Held): void {
    this.#held.delete(held);
    this.#shared.addOpenSnapshots(-1);
    if (this.#spare.length < SPARE_MAX) this.#spare.push(held.connection);
    else held.connection.close();
  }
}

class Held implements HeldState {
  readonly connection: OpenedReader;
  readonly #schema: number;
  readonly #shared: SharedState;
  readonly #onEnd: (held: Held) => void;
  readonly #takenWhen: number;
  readonly #iterating = new Set<Generator<SqlValue[]>>();
  #ended: string | null = null;

  constructor(connection: OpenedReader, shared: SharedState, onEnd: (held: Held) => void) {
    this.connection = connection;
    this.#schema = shared.schema;
    this.#shared = shared;
    this.#takenWhen = shared.snapshotsEnded;
    this.#onEnd = onEnd;
  }

  get ended(): boolean {
    this.look();
    return this.#ended !== null;
  }

  query(sql: string, args: SqlArgs | undefined): QueryResult {
    return this.#reader().query(sql, args, this.#schema);
  }

  first(sql: string, args: SqlArgs | undefined): FirstRow {
    return this.#reader().first(sql, args, this.#schema);
  }

  columns(sql: string): ColumnInfo[] {
    return this.#reader().columns(sql, this.#schema);
  }

  *iterate(sql: string, args: SqlArgs | undefined): Generator<SqlValue[]> {
    const rows = this.#reader().iterate(sql, args, this.#schema);
    this.#iterating.add(rows);
    try {
      for (;;) {
        this.#reader();
        const next = rows.next();
        if (next.done === true) return;
        yield next.value;
      }
    } finally {
      this.#iterating.delete(rows);
      rows.return(undefined);
    }
  }

  /** Whether the WAL has become too long since this was taken. */
  look(): void {
    if (this.#shared.snapshotsEnded === this.#takenWhen) return;
    this.end(TOO_LONG);
  }

  release(): void {
    this.end('the snapshot has ended');
  }

  /** A statement that still has rows would hold the state by itself. */
  end(why: string): void {
    if (this.#ended !== null) return;
    this.#ended = why;
    for (const rows of this.#iterating) rows.return(undefined);
    this.connection.end();
    this.#onEnd(this);
  }

  #reader(): OpenedReader {
    this.look();
    if (this.#ended !== null) throw new PacelineError('SNAPSHOT_ENDED', this.#ended);
    return this.connection;
  }
}
