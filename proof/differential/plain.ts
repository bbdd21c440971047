import type { SqlValue } from '../../src/api/value.ts';
import { narrow } from '../../src/api/wire.ts';
import type { ErrorRecord } from '../../src/base/errors.ts';
import { type Connection, DatabaseSync, type PreparedStatement } from '../../src/sqlite/binding.ts';
import type { CallOutcome, Outcome, StepResult, TransactionOutcome } from './outcome.ts';
import {
  at,
  attempt,
  numberingStatements,
  recordOf,
  SqliteFailure,
  withNumber,
} from './sqlite-failure.ts';
import {
  type Call,
  type DifferentialStatement,
  isSavepoint,
  type Step,
  type TransactionCalls,
} from './step.ts';

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
    return step.kind === 'transaction' ? this.#interactive(step) : this.#call(step);
  }

  #call({ kind, statements }: Call): CallOutcome {
    return attempt(() => {
      if (kind === 'batch') return this.#batch(statements);
      const [only] = statements;
      // A statement that fails keeps the rows before the failing one with FAIL; one of Paceline's does nothing then.
      const whole = this.#mayKeepRows(only!.sql);
      return whole ? this.#transaction([only!]) : [this.#alone(only!)];
    });
  }

  /** A batch that begins by switching foreign keys off runs without them: SQLite hears of that between transactions only. */
  #batch(statements: readonly DifferentialStatement[]): StepResult[] {
    const [first, ...others] = statements;
    if (!/^PRAGMA foreign_keys ?= ?off$/i.test(first!.sql))
      return numberingStatements(() => this.#transaction(statements));
    this.connection.exec('PRAGMA foreign_keys = off');
    try {
      return [NOTHING, ...numberingStatements(() => this.#transaction(others), 1)];
    } finally {
      this.connection.exec('PRAGMA foreign_keys = on');
    }
  }

  #alone(statement: DifferentialStatement): StepResult {
    this.#forgetRowid();
    return this.#statement(statement);
  }

  #transaction(statements: readonly DifferentialStatement[]): StepResult[] {
    this.#forgetRowid();
    this.connection.exec('BEGIN IMMEDIATE');
    try {
      const results = statements.map((statement, i) => at(i, () => this.#statement(statement)));
      this.#try(() => this.connection.exec('COMMIT'), null);
      return results;
    } catch (error) {
      if (this.connection.isTransaction) this.connection.exec('ROLLBACK');
      throw error;
    }
  }

  /** Statements between BEGIN and COMMIT, each call all or nothing. What rolls all of it back ends it. */
  #interactive({ calls, ends }: TransactionCalls): TransactionOutcome {
    this.#forgetRowid();
    this.connection.exec('BEGIN IMMEDIATE');
    const outcomes = calls.map(
      (call): CallOutcome =>
        this.connection.isTransaction ? attempt(() => this.#within(call)) : { error: ABORTED },
    );
    if (!this.connection.isTransaction)
      return { calls: outcomes, error: ends === 'commit' ? ABORTED : null };
    const end = attempt(() => {
      this.#try(() => this.connection.exec(ends === 'commit' ? 'COMMIT' : 'ROLLBACK'), null);
      return [];
    });
    if (this.connection.isTransaction) this.connection.exec('ROLLBACK');
    return { calls: outcomes, error: 'error' in end ? end.error : null };
  }

  #within({ kind, statements }: Call): StepResult[] {
    const [only] = statements;
    if (kind !== 'batch' && isSavepoint(only!.sql)) return [this.#statement(only!)];
    this.connection.exec('SAVEPOINT plain_call');
    try {
      const run = () => statements.map((one, i) => at(i, () => this.#statement(one)));
      const results = kind === 'batch' ? numberingStatements(run) : run();
      this.connection.exec('RELEASE plain_call');
      return results;
    } catch (error) {
      if (this.connection.isTransaction)
        this.connection.exec('ROLLBACK TO plain_call; RELEASE plain_call');
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

  #statement({ sql, args, effect }: DifferentialStatement): StepResult {
    const prepared = this.#try(() => this.#prepare(sql), null);
    const columns = prepared.columns().map(({ name }) => name);
    const bound = args === undefined ? [] : Array.isArray(args) ? args.map(whole) : [args];
    const rows = this.#try(
      () => this.#rows(prepared, columns, sql, bound),
      () => this.#failAgain(sql, bound, effect === 'none'),
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

  /** `run` stops at the first row, `exec` at none: the error of whichever row comes with its number. */
  #failAgain(sql: string, bound: unknown[], reads: boolean): void {
    const lost = !this.connection.isTransaction;
    // Where SQLite has rolled back what came before, it may succeed now.
    if (lost) this.connection.exec('BEGIN');
    try {
      const prepared = this.#prepare(sql);
      prepared.run(...bound);
      if (reads && prepared.expandedSQL !== undefined) this.connection.exec(prepared.expandedSQL);
    } finally {
      if (lost && this.connection.isTransaction) this.connection.exec('ROLLBACK');
    }
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
      throw new SqliteFailure(recordOf(withNumber(error, again)));
    }
  }
}

/** Paceline stores whole numbers as INTEGER (docs/limits.md); the binding does so with small ones. */
function whole(value: SqlValue): SqlValue {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || Object.is(value, -0))
    return value;
  return BigInt(value);
}

const NOTHING: StepResult = { columns: [], rows: [], changes: 0, lastInsertRowid: 0 };
/** What Paceline says once a statement has rolled back the whole transaction; only the code is compared. */
const ABORTED: ErrorRecord = { code: 'TRANSACTION_ABORTED', message: '' };
