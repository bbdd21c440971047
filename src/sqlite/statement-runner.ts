import type { Statement, StatementResult } from '../api/request.ts';
import { narrow } from '../api/wire.ts';
import { atStatement, type PacelineError } from '../base/errors.ts';
import type { StatementGuard } from './authorizer.ts';
import type { Connection, PreparedStatement } from './binding.ts';
import { statementError } from './disk-room.ts';
import { collectRows, runPlain } from './rows.ts';
import { savepointStatement } from './savepoints.ts';
import { SchemaFacts } from './schema-facts.ts';
import { numbered, runThrough } from './sql-error.ts';
import {
  bindable,
  type CachedStatement,
  StatementCache,
  undoneBySqlite,
} from './statement-cache.ts';

/** The same on every connection, and out of callers' reach by its name. */
const ROWID_TABLE = '_paceline_rowid';

const NO_ROWS: StatementResult['rows'] = [];

export interface RanStatement {
  readonly result: StatementResult;
  readonly writes: boolean;
}

/** What a statement that SQLite has nothing to say about brings. */
export const NOTHING: RanStatement = {
  result: { columns: [], rows: NO_ROWS, changes: 0, lastInsertRowid: 0 },
  writes: false,
};

export interface RunnerParts {
  readonly connection: Connection;
  readonly guard: StatementGuard;
  /** Throws if the schema, in which these were made or altered, is not one that a client may make. */
  readonly checkSchema: (defined: readonly string[]) => void;
  readonly resultBytesMax: number;
}

/** Runs callers' statements on the writer connection, inside the SQLite transaction that is open there. */
export class StatementRunner {
  readonly #parts: RunnerParts;
  readonly #cache: StatementCache;
  readonly #facts: SchemaFacts;
  readonly #own: Record<
    'begin' | 'rollback' | 'savepoint' | 'release' | 'undo' | 'counts' | 'forgetRowid',
    PreparedStatement
  >;
  #schemaChanged = false;

  constructor(parts: RunnerParts) {
    const { connection, guard } = parts;
    this.#parts = parts;
    // The only way to reset last_insert_rowid() is to insert a row; a temporary table is no part of the database.
    guard.lifted(() =>
      connection.exec(
        `PRAGMA temp_store=MEMORY; CREATE TEMP TABLE ${ROWID_TABLE}(id INTEGER PRIMARY KEY)`,
      ),
    );
    this.#own = guard.lifted(() => ({
      begin: connection.prepare('BEGIN IMMEDIATE'),
      rollback: connection.prepare('ROLLBACK'),
      savepoint: connection.prepare('SAVEPOINT one'),
      release: connection.prepare('RELEASE one'),
      undo: connection.prepare('ROLLBACK TO one'),
      forgetRowid: connection.prepare(`INSERT OR REPLACE INTO temp.${ROWID_TABLE} VALUES(0)`),
      counts: connection.prepare('SELECT changes() AS changes, last_insert_rowid() AS rowid'),
    }));
    this.#own.counts.setReadBigInts(true);
    this.#cache = new StatementCache(connection, guard, true);
    this.#facts = new SchemaFacts(connection, guard);
  }

  /** After the database was changed beside this connection, or may have been. */
  forget(): void {
    this.#cache.clear();
    this.#facts.forget();
  }

  /** The SQLite transaction has ended, well or not. */
  transactionEnded(): void {
    this.#schemaChanged = false;
  }

  /** What a foreign key says at COMMIT only must be said about this write alone. */
  mayDefer(statements: readonly Statement[]): boolean {
    return this.#facts.mayDefer || statements.some(({ sql }) => /defer_foreign_keys/i.test(sql));
  }

  /** Whether the statement does anything else than read. Throws what its preparation throws. */
  writes({ sql }: Statement): boolean {
    return this.#cache.get(sql).effect.writes;
  }

  /**
   * All of them or none, unless SQLite lost the whole transaction: then none is open afterwards. `alone`: they begin a
   * transaction of their own, so last_insert_rowid() before them is none of their business.
   */
  run(statements: readonly Statement[], alone: boolean): RanStatement[] {
    const { connection, guard } = this.#parts;
    const [only] = statements;
    if (statements.length === 1 && only !== undefined) {
      const prepared = this.#cache.get(only.sql);
      if (alone && this.#mayTellRowid(only.sql, prepared.effect.inserts)) this.forgetRowid();
      if (undoneBySqlite(only.sql, prepared) && !this.#facts.mayFail)
        return [this.#runUnguarded(prepared, only)];
    } else if (alone) this.forgetRowid();
    guard.lifted(() => this.#own.savepoint.run());
    const results: RanStatement[] = [];
    try {
      for (const s of statements) results.push(this.#runStatement(this.#cache.get(s.sql), s));
      guard.lifted(() => this.#own.release.run());
      return results;
    } catch (error) {
      for (const { sql } of statements) this.#cache.drop(sql);
      const undone = connection.isTransaction;
      if (undone) this.#undo();
      const known = this.#failure(numbered(error, () => this.#failAgain(statements, undone)));
      const isOfBatch = statements.length > 1 && results.length < statements.length;
      throw isOfBatch ? atStatement(known, results.length) : known;
    }
  }

  /** One that SQLite undoes by itself if it fails. */
  #runUnguarded(prepared: CachedStatement, statement: Statement): RanStatement {
    try {
      return this.#runStatement(prepared, statement);
    } catch (error) {
      throw this.#failure(error);
    }
  }

  #failure(error: unknown): PacelineError {
    const { connection, guard } = this.#parts;
    return statementError(error, connection, () => {
      const row = guard.lifted(() => connection.prepare('PRAGMA page_size').get());
      return (row as { page_size: number }).page_size;
    });
  }

  /** The statements once more without their rows, up to the one that fails; nothing of it stays. */
  #failAgain(statements: readonly Statement[], inTransaction: boolean): void {
    const { connection, guard } = this.#parts;
    guard.lifted(() => (inTransaction ? this.#own.savepoint : this.#own.begin).run());
    try {
      for (const { sql, args } of statements) {
        const { statement, parameters, effect } = this.#cache.get(sql);
        if (effect.schema) this.#noteSchemaChange();
        const bound = bindable(parameters, args);
        if (effect.writes) statement.run(...bound);
        else runThrough(connection, statement, bound);
      }
    } finally {
      this.#cache.clear();
      if (inTransaction && connection.isTransaction) this.#undo();
      else if (connection.isTransaction) guard.lifted(() => this.#own.rollback.run());
    }
  }

  /** Within a transaction that its caller has to itself. Null if the text is about something else than a savepoint. */
  savepoint(sql: string): RanStatement | null {
    const statement = savepointStatement(sql);
    if (statement === null) return null;
    const { connection, guard } = this.#parts;
    guard.lifted(() => connection.exec(statement.sql));
    if (statement.action === 'ROLLBACK TO' && this.#schemaChanged) this.#noteSchemaChange();
    return NOTHING;
  }

  /** What was learned from the schema before this is not true any more. */
  #noteSchemaChange(): void {
    this.#schemaChanged = true;
    this.forget();
  }

  /** A write starts with last_insert_rowid() at 0: what it was before is perhaps another client's. */
  forgetRowid(): void {
    this.#parts.guard.lifted(() => this.#own.forgetRowid.run());
  }

  /** Whether a single statement would show what last_insert_rowid() was before it. */
  #mayTellRowid(sql: string, table: string | null): boolean {
    if (/\blast_insert_rowid\b/i.test(sql) || this.#facts.mayTellRowid) return true;
    if (table === null) return false;
    return /\bconflict\b/i.test(sql) || this.#facts.isWithoutRowid(table);
  }

  #undo(): void {
    if (this.#schemaChanged) this.#noteSchemaChange();
    this.#parts.guard.lifted(() => {
      this.#own.undo.run();
      this.#own.release.run();
    });
  }

  #runStatement(prepared: CachedStatement, { args }: Statement): RanStatement {
    const { statement, columns, parameters, effect } = prepared;
    if (effect.schema) this.#noteSchemaChange();
    const bound = bindable(parameters, args);
    // A pragma goes on from step to step, though it has no columns.
    const plain = columns.length === 0 && (effect.rows || effect.schema);
    const rows = plain ? [] : collectRows(statement.iterate(...bound), this.#parts.resultBytesMax);
    const counts = plain ? runPlain(statement, bound) : this.#counts();
    if (effect.schema) this.#parts.checkSchema(effect.defines);
    const changes = effect.rows && !effect.schema ? Number(counts.changes) : 0;
    const lastInsertRowid = effect.inserts !== null && changes > 0 ? narrow(counts.rowid) : 0;
    return {
      result: { columns, rows: columns.length === 0 ? NO_ROWS : rows, changes, lastInsertRowid },
      writes: effect.writes,
    };
  }

  #counts(): { changes: bigint; rowid: bigint } {
    return this.#parts.guard.lifted(() => this.#own.counts.get()) as {
      changes: bigint;
      rowid: bigint;
    };
  }
}
