import type { StatementResult } from '../../src/api/request.ts';
import type { SqlValue } from '../../src/api/value.ts';
import { narrow } from '../../src/api/wire.ts';
import type { ErrorRecord } from '../../src/base/errors.ts';
import { type Connection, DatabaseSync, type PreparedStatement } from '../../src/sqlite/binding.ts';
import type { Outcome } from './outcome.ts';
import type { DifferentialStatement, Step } from './step.ts';

/** SQLite's names of primary codes that the generator provokes (https://sqlite.org/rescode.html). */
const NAMES: Record<number, string> = {
  1: 'ERROR',
  8: 'READONLY',
  11: 'CORRUPT',
  18: 'TOOBIG',
  19: 'CONSTRAINT',
  20: 'MISMATCH',
  25: 'RANGE',
};

/** SQLite alone, as its documentation has it: what a cluster is compared with. Shares no code with Paceline but the binding. */
export class PlainSqlite {
  readonly connection: Connection;

  constructor(path: string) {
    this.connection = new DatabaseSync(path, { enableForeignKeyConstraints: true });
    this.connection.exec(
      'PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; PRAGMA temp_store=MEMORY',
    );
    this.connection.exec('CREATE TEMP TABLE forget(id INTEGER PRIMARY KEY)');
  }

  close(): void {
    this.connection.close();
  }

  /** Each execute is one statement by itself, a batch is BEGIN … COMMIT. */
  run(step: Step): Outcome {
    try {
      if (step.kind === 'batch') return { results: this.#transaction(step.statements) };
      const [only] = step.statements;
      // A statement that fails keeps the rows before the failing one with FAIL; one of Paceline's does nothing then.
      const whole = this.#mayKeepRows(only!.sql);
      return { results: whole ? this.#transaction([only!]) : [this.#alone(only!)] };
    } catch (error) {
      if (error instanceof SqliteFailure) return { error: error.record };
      throw error;
    }
  }

  #alone(statement: DifferentialStatement): StatementResult {
    this.#forgetRowid();
    return this.#statement(statement);
  }

  #transaction(statements: readonly DifferentialStatement[]): StatementResult[] {
    this.#forgetRowid();
    this.connection.exec('BEGIN IMMEDIATE');
    try {
      const results = statements.map((statement) => this.#statement(statement));
      this.#try(() => this.connection.exec('COMMIT'), null);
      return results;
    } catch (error) {
      if (this.connection.isTransaction) this.connection.exec('ROLLBACK');
      throw error;
    }
  }

  /** A call knows nothing of the rowid that an earlier call inserted. */
  #forgetRowid(): void {
    this.connection.exec('INSERT OR REPLACE INTO temp.forget VALUES (0)');
  }

  #mayKeepRows(sql: string): boolean {
    if (/\bfail\b/i.test(sql)) return true;
    const asked = "SELECT 1 FROM sqlite_schema WHERE sql LIKE '%fail%' LIMIT 1";
    return this.connection.prepare(asked).get() !== undefined;
  }

  #statement({ sql, args, effect }: DifferentialStatement): StatementResult {
    const prepared = this.#try(() => this.#prepare(sql), null);
    const columns = prepared.columns().map(({ name }) => name);
    const bound = args === undefined ? [] : Array.isArray(args) ? args : [args];
    const rows = this.#try(
      () => this.#rows(prepared, columns, sql, bound),
      () => this.#prepare(sql).run(...bound),
    );
    const { changes, rowid } = this.#counters();
    const counted = effect === 'none' ? 0 : Number(changes);
    const inserted = effect === 'insert' && counted > 0;
    return { columns, rows, changes: counted, lastInsertRowid: inserted ? narrow(rowid) : 0 };
  }

  #prepare(sql: string): PreparedStatement {
    const prepared = this.connection.prepare(sql);
    prepared.setReadBigInts(true);
    prepared.setReturnArrays(true);
    return prepared;
  }

  #rows(
    prepared: PreparedStatement,
    columns: string[],
    sql: string,
    bound: unknown[],
  ): SqlValue[][] {
    // A pragma goes on from step to step, though it may have no columns.
    if (columns.length === 0 && !/^\s*PRAGMA/i.test(sql)) {
      prepared.run(...bound);
      return [];
    }
    const rows = [...prepared.iterate(...bound)] as unknown as SqlValue[][];
    if (columns.length === 0) return [];
    return rows.map((row) =>
      row.map((value) => (typeof value === 'bigint' ? narrow(value) : value)),
    );
  }

  #counters(): { changes: bigint; rowid: bigint } {
    const statement = this.#prepare('SELECT changes(), last_insert_rowid()');
    const [changes, rowid] = statement.get() as unknown as [bigint, bigint];
    return { changes, rowid };
  }

  /** The binding leaves SQLite's number out of the errors of rows; `again` fails in the same way, and has it. */
  #try<T>(work: () => T, again: (() => unknown) | null): T {
    try {
      return work();
    } catch (error) {
      throw new SqliteFailure(recordOf(numbered(error, again)));
    }
  }
}

/** What SQLite said of a step. Anything else that is thrown is a fault of this program. */
class SqliteFailure extends Error {
  readonly record: ErrorRecord;

  constructor(record: ErrorRecord) {
    super(record.message);
    this.record = record;
  }
}

function numbered(error: unknown, again: (() => unknown) | null): unknown {
  if (again === null || (error as { errcode?: number }).errcode !== undefined) return error;
  try {
    again();
  } catch (second) {
    return second;
  }
  return error;
}

function recordOf(error: unknown): ErrorRecord {
  const {
    errcode,
    message,
    code: kind,
  } = error as { errcode?: number; message: string; code?: string };
  if (kind !== 'ERR_SQLITE_ERROR') throw error;
  // An error in a later row of a read: no call of the binding tells its number.
  if (errcode === undefined) return { code: 'SQL', message };
  const code = `SQLITE_${NAMES[errcode & 255] ?? errcode & 255}`;
  return { code: 'SQL', message, sqlite: { code, errcode } };
}
