import type { PrepareOptions, ReadOptions } from '../api/read-options.ts';
import { checkPrepareOptions, checkReadOptions } from '../api/read-options.ts';
import type { ReadStatement, Snapshot } from '../api/reads.ts';
import type { QueryResult } from '../api/request.ts';
import type { SqlArgs } from '../api/value.ts';
import { PacelineError } from '../base/errors.ts';
import type { EntryId } from '../raft/entry.ts';
import type { Clock } from './clock.ts';
import { InPlaceReads } from './in-place-reads.ts';
import { InPlaceSource } from './in-place-source.ts';
import { inPlaceStatement } from './in-place-statement.ts';
import { OpenSnapshots } from './open-snapshots.ts';
import type { MemberOptions } from './options.ts';
import type { Port } from './port.ts';
import type { AppToLoop, LoopToApp } from './protocol.ts';
import { ReadConditions } from './read-conditions.ts';
import { ReadIndexRequests } from './read-index-requests.ts';
import { ReadPath } from './read-path.ts';
import type { ReadRequest } from './read-request.ts';
import { ReadWaits } from './read-waits.ts';
import { ReaderPool } from './reader-pool.ts';
import type { StartReader } from './reader-thread.ts';
import { ReadsElsewhere } from './reads-elsewhere.ts';
import { Session } from './session.ts';
import type { SharedState } from './shared-state.ts';
import { SlowStatements } from './slow-statements.ts';
import { statusAge } from './status-age.ts';
import { type KeptState, keepState, takeSnapshot } from './take-snapshot.ts';
import { type OpenReader, ThisCopy } from './this-copy.ts';

export interface ReadsParts {
  readonly options: MemberOptions;
  readonly openReader: OpenReader;
  readonly shared: SharedState;
  readonly clock: Clock;
  readonly loop: Pick<Port<LoopToApp, AppToLoop>, 'post'>;
  readonly startReader?: StartReader;
}

type FromLoop = Extract<LoopToApp, { type: 'read-index' | 'serve-read' | 'forwarded-read' }>;

/** All that reads on the application's thread. */
export class Reads {
  readonly #copy: ThisCopy;
  readonly #session: Session;
  readonly #waits: ReadWaits;
  readonly #indexes: ReadIndexRequests;
  readonly #path: ReadPath;
  readonly #inPlace: InPlaceReads;
  readonly #snapshots: OpenSnapshots;
  readonly #pool: ReaderPool;
  readonly #elsewhere: ReadsElsewhere;
  readonly #parts: ReadsParts;

  constructor(parts: ReadsParts) {
    const { options, openReader, shared, clock, loop } = parts;
    const { electionTimeoutMs, readTimeoutMs, readQueueMax, snapshotsMax, workerAfterMs } = options;
    const now = () => clock.now();
    this.#parts = parts;
    this.#copy = new ThisCopy(openReader);
    this.#session = new Session(shared);
    this.#waits = new ReadWaits(shared, clock, readQueueMax);
    this.#indexes = new ReadIndexRequests(this.#waits, {
      ask: (key) => loop.post({ type: 'read-index', key }),
      cancel: (key) => loop.post({ type: 'cancel-read-index', key }),
    });
    this.#snapshots = new OpenSnapshots(this.#copy, shared, snapshotsMax);
    this.#pool = new ReaderPool({
      ...{ copy: this.#copy, waits: this.#waits, threadsMax: options.readWorkersMax },
      start: parts.startReader ?? null,
    });
    const session = this.#session;
    const conditions = new ReadConditions({ shared, session, now, electionTimeoutMs });
    this.#inPlace = new InPlaceReads(shared, conditions, now);
    this.#elsewhere = new ReadsElsewhere({
      ...{ session, waits: this.#waits, clock },
      post: {
        forward: (key, bytes) => loop.post({ type: 'forward-read', key, bytes }),
        cancel: (key) => loop.post({ type: 'cancel-forward-read', key }),
        served: (key, bytes) => loop.post({ type: 'served-read', key, bytes }),
      },
      // On a thread of its own where there is one: this one is the application's.
      serve: (sql, args, given) =>
        this.#path.query(sql, args, { ...given, worker: parts.startReader !== undefined }),
    });
    this.#path = new ReadPath({
      elsewhere: this.#elsewhere,
      ...{ shared, session, conditions, clock, copy: this.#copy },
      ...{ waits: this.#waits, indexes: this.#indexes, timeoutMs: readTimeoutMs },
      pool: this.#pool,
      slow: workerAfterMs === 0 ? null : new SlowStatements(workerAfterMs, clock),
    });
  }

  /** Most reads are over at once. Throws what is wrong with the options. */
  query(sql: string, args?: SqlArgs, options?: ReadOptions): Promise<QueryResult> {
    if (options !== undefined) checkReadOptions(options);
    return this.#path.query(sql, args, options);
  }

  prepare(sql: string, options: PrepareOptions = {}): ReadStatement {
    checkPrepareOptions(options);
    const source = new InPlaceSource({
      ...{ shared: this.#parts.shared, session: this.#session, copy: this.#copy, options },
      ...{ inPlace: this.#inPlace, snapshots: this.#snapshots },
      request: () => this.#path.request(options),
    });
    // Refuses at once what cannot be read; a table that this handle has just made must be here for that.
    source.columns(sql);
    return inPlaceStatement(source, sql);
  }

  async snapshot<T>(
    work: (snapshot: Snapshot) => T | Promise<T>,
    options: ReadOptions = {},
  ): Promise<T> {
    checkReadOptions(options);
    const request = this.#path.request(options);
    return takeSnapshot(work, request, await this.#keep(request, options));
  }

  /** One state of the database, until it is released. The options must have been checked. */
  keep(options: ReadOptions): Promise<KeptState> {
    return this.#keep(this.#path.request(options), options);
  }

  #keep(request: ReadRequest, { worker }: ReadOptions): Promise<KeptState> {
    const parts = { path: this.#path, shared: this.#parts.shared };
    const holders = { snapshots: this.#snapshots, pool: this.#pool };
    return keepState(request, worker === true, { ...parts, ...holders });
  }

  /** See `Status.copyAgeMs`. */
  copyAge(): Promise<number | null> {
    return statusAge({ ...this.#parts, waits: this.#waits });
  }

  get token(): string {
    return this.#session.token;
  }

  get certainToken(): string {
    return this.#session.certainToken;
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

  /** The files are about to be replaced, or closed. Resolves when no thread has them open any more. */
  closeReaders(): Promise<void> {
    const why = 'the database is closed, or replaced by another copy: read again';
    this.#snapshots.close(why);
    this.#copy.close();
    return this.#pool.close(new PacelineError('SNAPSHOT_ENDED', why));
  }

  /** Nothing that reads wait for will come any more. */
  failAll(error: PacelineError): void {
    this.#waits.failAll(error);
  }

  /** Something that reads wait for may have changed. */
  wake(): void {
    this.#waits.wake();
  }

  fromLoop(message: FromLoop): void {
    if (message.type === 'read-index') this.#indexes.answered(message.key, message.index);
    else if (message.type === 'forwarded-read')
      this.#elsewhere.answered(message.key, message.bytes);
    else void this.#elsewhere.serve(message.key, message.bytes);
  }

  endOldSnapshots(): void {
    this.#snapshots.endOld();
    this.#pool.endOld();
  }

  get leftConnections(): boolean {
    return this.#copy.leftConnections;
  }
}
