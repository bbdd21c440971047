import type { Statement, StatementResult } from '../api/request.ts';
import { assert } from '../base/assert.ts';
import { type ErrorRecord, PacelineError } from '../base/errors.ts';
import type { EntryId } from '../raft/entry.ts';
import { StatementGuard } from './authorizer.ts';
import type { Connection, PreparedStatement } from './binding.ts';
import { checkDefinitions } from './definitions.ts';
import { fileError } from './disk-room.ts';
import { leavesKeysUnenforced, runWithoutSwitches } from './foreign-keys.ts';
import { refuseAll } from './outcomes.ts';
import { type KeptAnswer, OwnTables } from './own-tables.ts';
import { spellOut } from './spell-out.ts';
import { isStorageError, sqlError } from './sql-error.ts';
import { NOTHING, type RanStatement, StatementRunner } from './statement-runner.ts';

/** A client's write: its statements are one transaction. */
export interface Write {
  readonly statements: readonly Statement[];
  /** For exactly-once retries (I9); null when the caller does not retry. */
  readonly id: string | null;
  /** Nothing is to be run: what became of the write with this id? */
  readonly asks?: boolean;
  /** It may be acknowledged before it is committed. */
  readonly mayBeLost?: boolean;
}

/** `position` is where the write is, once that position is committed; for a retried id, where it already was. */
export type Outcome =
  | { readonly results: readonly StatementResult[]; readonly position: EntryId }
  /** With a position: what the error says holds once that is committed. */
  | { readonly error: ErrorRecord; readonly position?: EntryId };

export interface ExecutorLimits {
  readonly resultBytesMax: number;
  readonly requestIdsKept: number;
  /** SQL time after which a batch takes no further write. */
  readonly batchMs: number;
}

export interface BatchRun {
  /** Of the first so many writes; the others were left for the next batch. */
  readonly outcomes: Outcome[];
  /** False if there was nothing to commit: a transaction is still open then, else none is. */
  readonly wrote: boolean;
}

/** The whole SQLite transaction is gone, by one member of the batch: run the others without it. */
class BatchSpoiled extends Error {}

/**
 * Runs clients' writes on the one writer connection, many in one SQLite commit. A transaction is open whenever nothing runs:
 * holding SQLite's writer lock keeps foreign writers out.
 */
export class Executor {
  readonly #connection: Connection;
  readonly #guard: StatementGuard;
  readonly #tables: OwnTables;
  readonly #runner: StatementRunner;
  readonly #limits: ExecutorLimits;
  readonly #own: Record<'begin' | 'commit' | 'rollback', PreparedStatement>;

  constructor(connection: Connection, limits: ExecutorLimits) {
    this.#connection = connection;
    this.#limits = limits;
    this.#own = {
      begin: connection.prepare('BEGIN IMMEDIATE'),
      commit: connection.prepare('COMMIT'),
      rollback: connection.prepare('ROLLBACK'),
    };
    const guard = new StatementGuard(connection);
    const tables = new OwnTables(connection, guard, limits.requestIdsKept);
    this.#guard = guard;
    this.#tables = tables;
    const checkSchema = (defined: readonly string[]) => {
      tables.checkNames();
      checkDefinitions(connection, guard, defined);
    };
    const { resultBytesMax } = limits;
    this.#runner = new StatementRunner({ connection, guard, checkSchema, resultBytesMax });
  }

  /** Whether a transaction is open, and SQLite's writer lock held with it. */
  get isOpen(): boolean {
    return this.#connection.isTransaction;
  }

  /** Takes SQLite's writer lock. Throws DATABASE_BUSY while a foreign process holds it. */
  begin(): void {
    try {
      this.#guard.lifted(() => this.#own.begin.run());
    } catch (error) {
      throw sqlError(error);
    }
  }

  /** Lets the writer lock go; whatever was not committed is undone. */
  end(): void {
    if (this.#connection.isTransaction) this.#guard.lifted(() => this.#own.rollback.run());
  }

  /** Of what is run from now on. No transaction may be open: SQLite would not hear. */
  enforceForeignKeys(enforce: boolean): void {
    assert(!this.isOpen, 'foreign keys are switched between transactions');
    const sql = `PRAGMA foreign_keys=${enforce ? 'on' : 'off'}`;
    this.#guard.lifted(() => this.#connection.exec(sql));
  }

  /** After the database was changed beside this connection. */
  reload(): void {
    this.#runner.forget();
    this.#tables.reload();
  }

  /** Commits the entry that starts a term: the position, and Paceline's tables where they are missing. */
  startTerm(cluster: string, position: EntryId): void {
    this.#runner.forget();
    this.#tables.prepare(cluster);
    this.#tables.writePosition(position);
    this.#commit();
  }

  /**
   * Runs `writes`, as many as fit the batch's time, as one SQLite commit at `position`; then no transaction is open. Null if one of them undid the whole
   * commit: nothing has happened, run them one by one. Throws if the database is damaged.
   */
  run(writes: readonly Write[], position: EntryId): BatchRun | null {
    try {
      return this.#runAndCommit(writes, position);
    } catch (error) {
      if (!(error instanceof BatchSpoiled) && !(error instanceof PacelineError)) throw error;
      this.#recover();
      const failure = errorOf(error);
      if (failure.code === 'DISK_FULL' || failure.code === 'IO') return refuseAll(writes, failure);
      if (isStorageError(failure)) throw failure;
      return writes.length > 1 ? null : this.#refuseAlone(writes[0]!, failure, position);
    }
  }

  /** The only write of its commit was undone with that; what is kept of it is the refusal. */
  #refuseAlone({ id }: Write, failure: PacelineError, position: EntryId): BatchRun {
    const error = failure.toRecord();
    if (id !== null) this.#tables.keep(id, position, { error });
    this.#tables.writePosition(position);
    this.#commit();
    return { outcomes: [{ error, position }], wrote: true };
  }

  #runAndCommit(writes: readonly Write[], position: EntryId): BatchRun {
    const deadline = performance.now() + this.#limits.batchMs;
    const outcomes: Outcome[] = [];
    let wrote = false;
    for (const write of writes) {
      if (outcomes.length > 0 && leavesKeysUnenforced(write.statements)) break;
      const { outcome, changed } = this.#runWrite(write, position);
      outcomes.push(outcome);
      wrote ||= changed;
      if (performance.now() > deadline || this.#runner.mayDefer(write.statements)) break;
    }
    if (!wrote) return { outcomes, wrote };
    this.#tables.writePosition(position);
    this.#commit();
    return { outcomes, wrote };
  }

  #commit(): void {
    try {
      this.#guard.lifted(() => this.#own.commit.run());
    } catch (error) {
      throw fileError(error, this.#connection.location());
    }
    this.#runner.transactionEnded();
  }

  /** After the SQLite transaction was lost: an empty one again, the counters read anew. */
  #recover(): void {
    this.end();
    this.#runner.transactionEnded();
    this.begin();
    this.reload();
  }

  /**
   * What was read counts as changed, and so does what SQLite refused: only an entry of its own, once it is committed, proves that
   * the answer was true, and not a deposed leader's that knows no better, or an effect of what is discarded later (I5).
   */
  #runWrite(write: Write, position: EntryId): { outcome: Outcome; changed: boolean } {
    const { id, asks } = write;
    const known = id === null ? null : this.#tables.find(id);
    if (known !== null) return { outcome: known, changed: false };
    if (asks === true) return { outcome: { error: NOT_KNOWN, position }, changed: true };
    try {
      const results = this.#runStatements(write.statements).map((ran) => ran.result);
      if (id !== null) this.#tables.keep(id, position, { results });
      return { outcome: { results, position }, changed: true };
    } catch (error) {
      const failure = sqlError(error);
      if (isStorageError(failure)) throw failure;
      if (!this.#connection.isTransaction)
        throw new BatchSpoiled(failure.message, { cause: failure });
      return this.#refused(id, failure, position);
    }
  }

  #runStatements(statements: readonly Statement[]): readonly RanStatement[] {
    const run = (some: readonly Statement[]) => this.#runner.run(some.map(spellOut), true);
    if (!leavesKeysUnenforced(statements)) return run(statements);
    return runWithoutSwitches(statements, run, NOTHING);
  }

  /** A retry with its id gets the same refusal, whatever has become possible since (I9). */
  #refused(
    id: string | null,
    failure: PacelineError,
    position: EntryId,
  ): { outcome: Outcome; changed: boolean } {
    const error = failure.toRecord();
    if (failure.category !== 'rejected' || (id === null && failure.sqlite === undefined))
      return { outcome: { error }, changed: false };
    if (id !== null) this.#tables.keep(id, position, { error });
    return { outcome: { error, position }, changed: true };
  }

  /** Begins an interactive transaction in the SQLite transaction that is open. */
  start(): void {
    this.#runner.forgetRowid();
  }

  /**
   * A step of an interactive transaction, which has the open SQLite transaction to itself: all of the statements or none.
   * Throws READ_ONLY with `readOnly` for a statement that writes, and what SQLite says; if no transaction is open then, all
   * of it was undone.
   */
  step(statements: readonly Statement[], readOnly: boolean): RanStatement[] {
    try {
      const [only, ...others] = statements;
      const savepoint =
        readOnly || only === undefined || others.length > 0
          ? null
          : this.#runner.savepoint(only.sql);
      if (savepoint !== null) return [savepoint];
      const spelt = statements.map(spellOut);
      if (readOnly && spelt.some((statement) => this.#runner.writes(statement)))
        throw writesInQuery();
      return this.#runner.run(spelt, false);
    } catch (error) {
      throw sqlError(error);
    }
  }

  /** What the first commit under this id brought. */
  find(id: string): KeptAnswer | null {
    return this.#tables.find(id);
  }

  /** Commits the steps taken at `position`, under a request id; then no transaction is open. If it throws, all is undone and one is. */
  finish(id: string, position: EntryId): void {
    try {
      this.#tables.keep(id, position, { results: [] });
      this.#tables.writePosition(position);
      this.#commit();
    } catch (error) {
      this.undo();
      throw sqlError(error);
    }
  }

  /** Undoes the steps taken. */
  undo(): void {
    this.#recover();
  }
}

/** The answer to a question about an id that nothing is kept under. */
const NOT_KNOWN: ErrorRecord = new PacelineError(
  'NOT_KNOWN',
  'nothing is recorded under this request id: the write was not done, or so long ago that it was forgotten',
).toRecord();

function writesInQuery(): PacelineError {
  return new PacelineError(
    'READ_ONLY',
    'this statement writes: use execute() of the transaction instead of query()',
  );
}

function errorOf(error: BatchSpoiled | PacelineError): PacelineError {
  return error instanceof BatchSpoiled ? sqlError(error.cause) : error;
}
