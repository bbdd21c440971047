import type { Statement, StatementResult } from '../api/request.ts';
import { narrow } from '../api/wire.ts';
import { type ErrorRecord, PacelineError } from '../base/errors.ts';
import type { EntryId } from '../raft/entry.ts';
import { StatementGuard } from './authorizer.ts';
import type { Connection, PreparedStatement } from './binding.ts';
import { asOf, refuseAll } from './outcomes.ts';
import { OwnTables } from './own-tables.ts';
import { collectRows, runPlain } from './rows.ts';
import { SchemaFacts } from './schema-facts.ts';
import { spellOut } from './spell-out.ts';
import { isStorageError, numbered, sqlError } from './sql-error.ts';
import {
  bindable,
  type CachedStatement,
  StatementCache,
  undoneBySqlite,
} from './statement-cache.ts';

/** A client's write: its statements are one transaction. */
export interface Write {
  readonly statements: readonly Statement[];
  /** For exactly-once retries (I9); null when the caller does not retry. */
  readonly id: string | null;
}

/** `position` is where the write is, once that position is committed; for a retried id, where it already was. */
export type Outcome =
  | { readonly results: readonly StatementResult[]; readonly position: EntryId }
  | { readonly error: ErrorRecord };

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

/** The same on every connection, and out of callers' reach by its name. */
const ROWID_TABLE = '_paceline_rowid';

const NO_ROWS: StatementResult['rows'] = [];

/**
 * Runs clients' writes on the one writer connection, many in one SQLite commit. A transaction is open whenever nothing runs:
 * holding SQLite's writer lock keeps foreign writers out.
 */
export class Executor {
  readonly #connection: Connection;
  readonly #guard: StatementGuard;
  readonly #cache: StatementCache;
  readonly #tables: OwnTables;
  readonly #limits: ExecutorLimits;
  readonly #facts: SchemaFacts;
  readonly #own: Record<
    'begin' | 'commit' | 'rollback' | 'savepoint' | 'release' | 'undo' | 'counts' | 'forgetRowid',
    PreparedStatement
  >;
  #schemaChanged = false;

  constructor(connection: Connection, limits: ExecutorLimits) {
    this.#connection = connection;
    this.#limits = limits;
    // The only way to reset last_insert_rowid() is to insert a row; a temporary table is no part of the database.
    connection.exec(
      `PRAGMA temp_store=MEMORY; CREATE TEMP TABLE ${ROWID_TABLE}(id INTEGER PRIMARY KEY)`,
    );
    this.#own = {
      begin: connection.prepare('BEGIN IMMEDIATE'),
      commit: connection.prepare('COMMIT'),
      rollback: connection.prepare('ROLLBACK'),
      savepoint: connection.prepare('SAVEPOINT one'),
      release: connection.prepare('RELEASE one'),
      undo: connection.prepare('ROLLBACK TO one'),
      forgetRowid: connection.prepare(`INSERT OR REPLACE INTO temp.${ROWID_TABLE} VALUES(0)`),
      counts: connection.prepare('SELECT changes() AS changes, last_insert_rowid() AS rowid'),
    };
    this.#own.counts.setReadBigInts(true);
    this.#guard = new StatementGuard(connection);
    this.#cache = new StatementCache(connection, this.#guard, true);
    this.#tables = new OwnTables(connection, this.#guard, limits.requestIdsKept);
    this.#facts = new SchemaFacts(connection, this.#guard);
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

  /** After the database was changed beside this connection. */
  reload(): void {
    this.#cache.clear();
    this.#facts.forget();
    this.#tables.reload();
  }

  /** Commits the entry that starts a term: the position, and Paceline's tables where they are missing. */
  startTerm(cluster: string, position: EntryId): void {
    this.#cache.clear();
    this.#facts.forget();
    this.#tables.prepare(cluster);
    this.#tables.writePosition(position);
    this.#commit();
  }

  /**
   * Runs `writes`, as many as fit the batch's time, as one SQLite commit at `position`; then no transaction is open. Null if one of them undid the whole
   * commit: nothing has happened, run them one by one. Throws if the database is damaged.
   */
  run(writes: readonly Write[], position: EntryId, current: EntryId): BatchRun | null {
    try {
      return this.#runAndCommit(writes, position, current);
    } catch (error) {
      if (!(error instanceof BatchSpoiled) && !(error instanceof PacelineError)) throw error;
      this.#recover();
      const failure = errorOf(error);
      if (failure.code === 'DISK_FULL' || failure.code === 'IO') return refuseAll(writes, failure);
      if (isStorageError(failure)) throw failure;
      return writes.length > 1 ? null : refuseAll(writes, failure);
    }
  }

  #runAndCommit(writes: readonly Write[], position: EntryId, current: EntryId): BatchRun {
    const deadline = performance.now() + this.#limits.batchMs;
    const outcomes: Outcome[] = [];
    let wrote = false;
    for (const write of writes) {
      const { outcome, changed } = this.#runWrite(write, position);
      outcomes.push(outcome);
      wrote ||= changed;
      if (performance.now() > deadline || this.#mayDefer(write)) break;
    }
    if (!wrote) return { outcomes: outcomes.map((o) => asOf(o, position, current)), wrote };
    this.#tables.writePosition(position);
    this.#commit();
    return { outcomes, wrote };
  }

  /** What a foreign key says at COMMIT only must be said about this write alone. */
  #mayDefer({ statements }: Write): boolean {
    return this.#facts.mayDefer || statements.some(({ sql }) => /defer_foreign_keys/i.test(sql));
  }

  #commit(): void {
    try {
      this.#guard.lifted(() => this.#own.commit.run());
    } catch (error) {
      throw sqlError(error);
    }
    this.#schemaChanged = false;
  }

  /** After the SQLite transaction was lost: an empty one again, the counters read anew. */
  #recover(): void {
    this.end();
    this.#schemaChanged = false;
    this.begin();
    this.reload();
  }

  #runWrite(write: Write, position: EntryId): { outcome: Outcome; changed: boolean } {
    const known = write.id === null ? null : this.#tables.find(write.id);
    if (known !== null) return { outcome: known, changed: false };
    try {
      const results = this.#runStatements(write.statements.map(spellOut));
      const changed = write.id !== null || results.some((r) => r.writes);
      const plain = results.map((r) => r.result);
      if (write.id !== null) this.#tables.keep(write.id, position, plain);
      return { outcome: { results: plain, position }, changed };
    } catch (error) {
      const failure = sqlError(error);
      if (isStorageError(failure)) throw failure;
      if (!this.#connection.isTransaction)
        throw new BatchSpoiled(failure.message, { cause: failure });
      return { outcome: { error: failure.toRecord() }, changed: false };
    }
  }

  #runStatements(statements: readonly Statement[]): { result: StatementResult; writes: boolean }[] {
    const [only] = statements;
    if (statements.length === 1 && only !== undefined) {
      const prepared = this.#cache.get(only.sql);
      if (this.#mayTellRowid(only.sql, prepared.effect.inserts)) this.#forgetRowid();
      if (undoneBySqlite(only.sql, prepared) && !this.#facts.mayFail)
        return [this.#runStatement(prepared, only)];
    } else this.#forgetRowid();
    this.#guard.lifted(() => this.#own.savepoint.run());
    try {
      const results = statements.map((s) => this.#runStatement(this.#cache.get(s.sql), s));
      this.#guard.lifted(() => this.#own.release.run());
      return results;
    } catch (error) {
      for (const { sql } of statements) this.#cache.drop(sql);
      const undone = this.#connection.isTransaction;
      if (undone) this.#undo();
      throw numbered(error, () => this.#failAgain(statements, undone));
    }
  }

  /** The statements once more without their rows, up to the one that fails; nothing of it stays. */
  #failAgain(statements: readonly Statement[], inTransaction: boolean): void {
    this.#guard.lifted(() => (inTransaction ? this.#own.savepoint : this.#own.begin).run());
    try {
      for (const { sql, args } of statements) {
        const { statement, parameters, effect } = this.#cache.get(sql);
        if (effect.schema) this.#noteSchemaChange();
        statement.run(...bindable(parameters, args));
      }
    } finally {
      this.#cache.clear();
      if (inTransaction && this.#connection.isTransaction) this.#undo();
      else this.end();
    }
  }

  /** What was learned from the schema before this is not true any more. */
  #noteSchemaChange(): void {
    this.#schemaChanged = true;
    this.#cache.clear();
    this.#facts.forget();
  }

  /** A write starts with last_insert_rowid() at 0: what it was before is perhaps another client's. */
  #forgetRowid(): void {
    this.#guard.lifted(() => this.#own.forgetRowid.run());
  }

  /** Whether a single statement would show what last_insert_rowid() was before it. */
  #mayTellRowid(sql: string, table: string | null): boolean {
    if (/\blast_insert_rowid\b/i.test(sql) || this.#facts.mayTellRowid) return true;
    if (table === null) return false;
    return /\bconflict\b/i.test(sql) || this.#facts.isWithoutRowid(table);
  }

  #undo(): void {
    if (this.#schemaChanged) this.#noteSchemaChange();
    this.#guard.lifted(() => {
      this.#own.undo.run();
      this.#own.release.run();
    });
  }

  #runStatement(
    prepared: CachedStatement,
    { args }: Statement,
  ): { result: StatementResult; writes: boolean } {
    const { statement, columns, parameters, effect } = prepared;
    if (effect.schema) this.#noteSchemaChange();
    const bound = bindable(parameters, args);
    // A pragma goes on from step to step, though it has no columns.
    const plain = columns.length === 0 && (effect.rows || effect.schema);
    const rows = plain ? [] : collectRows(statement.iterate(...bound), this.#limits.resultBytesMax);
    const counts = plain ? runPlain(statement, bound) : this.#counts();
    if (effect.schema) this.#tables.checkNames();
    const changes = effect.rows && !effect.schema ? Number(counts.changes) : 0;
    const lastInsertRowid = effect.inserts !== null && changes > 0 ? narrow(counts.rowid) : 0;
    return {
      result: { columns, rows: columns.length === 0 ? NO_ROWS : rows, changes, lastInsertRowid },
      writes: effect.writes,
    };
  }

  #counts(): { changes: bigint; rowid: bigint } {
    return this.#guard.lifted(() => this.#own.counts.get()) as { changes: bigint; rowid: bigint };
  }
}

function errorOf(error: BatchSpoiled | PacelineError): PacelineError {
  return error instanceof BatchSpoiled ? sqlError(error.cause) : error;
}
