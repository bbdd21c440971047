import type { PrepareOptions, ReadOptions } from '../api/read-options.ts';
import { checkPrepareOptions, checkReadOptions } from '../api/read-options.ts';
import type { ReadStatement, Snapshot } from '../api/reads.ts';
import type { QueryResult } from '../api/request.ts';
import type { SqlArgs } from '../api/value.ts';
import type { PacelineError } from '../base/errors.ts';
import type { EntryId, Index } from '../raft/entry.ts';
import type { Clock } from './clock.ts';
import { InPlaceReads } from './in-place-reads.ts';
import { InPlaceSource } from './in-place-source.ts';
import { inPlaceStatement } from './in-place-statement.ts';
import { OpenSnapshots } from './open-snapshots.ts';
import type { MemberOptions } from './options.ts';
import { ReadConditions } from './read-conditions.ts';
import { type IndexPost, ReadIndexRequests } from './read-index-requests.ts';
import { ReadPath } from './read-path.ts';
import { ReadWaits } from './read-waits.ts';
import { Session } from './session.ts';
import type { SharedState } from './shared-state.ts';
import { takeSnapshot } from './take-snapshot.ts';
import { type OpenReader, ThisCopy } from './this-copy.ts';

export interface ReadsParts {
  readonly options: MemberOptions;
  readonly openReader: OpenReader;
  readonly shared: SharedState;
  readonly clock: Clock;
  readonly indexPost: IndexPost;
}

/** All that reads on the application's thread. */
export class Reads {
  readonly #copy: ThisCopy;
  readonly #session: Session;
  readonly #waits: ReadWaits;
  readonly #indexes: ReadIndexRequests;
  readonly #path: ReadPath;
  readonly #inPlace: InPlaceReads;
  readonly #snapshots: OpenSnapshots;
  readonly #parts: ReadsParts;

  constructor(parts: ReadsParts) {
    const { options, openReader, shared, clock, indexPost } = parts;
    const { electionTimeoutMs, readTimeoutMs, readQueueMax, snapshotsMax } = options;
    const now = () => clock.now();
    this.#parts = parts;
    this.#copy = new ThisCopy(openReader);
    this.#session = new Session(shared);
    this.#waits = new ReadWaits(shared, clock, readQueueMax);
    this.#indexes = new ReadIndexRequests(this.#waits, indexPost);
    this.#snapshots = new OpenSnapshots(this.#copy, shared, snapshotsMax);
    const session = this.#session;
    const conditions = new ReadConditions({ shared, session, now, electionTimeoutMs });
    this.#inPlace = new InPlaceReads(shared, conditions, now);
    this.#path = new ReadPath({
      ...{ shared, session, conditions, clock, copy: this.#copy },
      ...{ waits: this.#waits, indexes: this.#indexes, timeoutMs: readTimeoutMs },
    });
  }

  /** Most reads are over at once. Throws what is wrong with the options. */
  query(sql: string, args?: SqlArgs, options?: ReadOptions): Promise<QueryResult> {
    if (options !== undefined) checkReadOptions(options);
    return this.#path.query(sql, args, options);
  }

  prepare(sql: string, options: PrepareOptions = {}): ReadStatement {
    checkPrepareOptions(options);
    // Refuses at once what cannot be read.
    this.#copy.reader.columns(sql, this.#parts.shared.schema);
    const source = new InPlaceSource({
      ...{ shared: this.#parts.shared, session: this.#session, copy: this.#copy, options },
      ...{ inPlace: this.#inPlace, snapshots: this.#snapshots },
      request: () => this.#path.request(options),
    });
    return inPlaceStatement(source, sql);
  }

  async snapshot<T>(
    work: (snapshot: Snapshot) => T | Promise<T>,
    options: ReadOptions = {},
  ): Promise<T> {
    checkReadOptions(options);
    return takeSnapshot(work, this.#path.request(options), this.#path, this.#snapshots);
  }

  get token(): string {
    return this.#session.token;
  }

  /** This handle's write was answered. */
  wrote(position: EntryId): void {
    this.#session.wrote(position);
  }

  mayOpen(): void {
    this.#session.begin();
    this.#copy.mayOpen();
  }

  /** Resolves when the database is open for the first time. */
  whenOpen(): Promise<void> {
    return this.#copy.whenOpen();
  }

  /** The files are about to be replaced, or this member is. */
  closeReaders(): void {
    this.#snapshots.close('the database is closed, or replaced by another copy: read again');
    this.#copy.close();
  }

  /** Nothing that reads wait for will come any more. */
  failAll(error: PacelineError): void {
    this.#waits.failAll(error);
  }

  /** Something that reads wait for may have changed. */
  wake(): void {
    this.#waits.wake();
  }

  indexAnswered(key: number, index: Index): void {
    this.#indexes.answered(key, index);
  }

  endOldSnapshots(): void {
    this.#snapshots.endOld();
  }

  get leftConnections(): boolean {
    return this.#copy.leftConnections;
  }
}
