import type { LocalDatabase } from '../api/database.ts';
import type { ReadOptions } from '../api/read-options.ts';
import type { Statement, WriteOptions } from '../api/request.ts';
import type { TransactionMode } from '../api/transaction.ts';
import { PacelineError } from '../base/errors.ts';
import { atPlace, withLibsqlErrors, withPlaces } from './libsql-error.ts';
import { type Result, resultSet } from './result-set.ts';
import { KEYS_OFF, transactionsOf } from './script.ts';
import type { InArgs, InStatement, LibsqlClient, LibsqlTransaction, ResultSet } from './shapes.ts';
import { mayRead, toStatement } from './statements.ts';
import { OpenLibsqlTransaction } from './transaction.ts';

export interface LibsqlClientOptions {
  /** What reads outside of transactions, and transactions in mode `read`, must see; when absent, all that the handle has written and read. */
  readonly reads?: Omit<ReadOptions, 'signal'>;
  /** For writes and commits. */
  readonly writes?: Pick<WriteOptions, 'timeoutMs' | 'durability'>;
}

/**
 * The handle of a member in the shape of `@libsql/client`, for tools that accept a client object. There may be several of
 * one handle. Errors are `LibsqlError`.
 */
export function libsqlClient(db: LocalDatabase, options: LibsqlClientOptions = {}): LibsqlClient {
  return new LocalLibsqlClient(db, options);
}

class LocalLibsqlClient implements LibsqlClient {
  readonly protocol = 'file';
  closed = false;
  readonly #db: LocalDatabase;
  readonly #options: LibsqlClientOptions;

  constructor(db: LocalDatabase, options: LibsqlClientOptions) {
    this.#db = db;
    this.#options = options;
  }

  execute(statement: InStatement, args?: InArgs): Promise<ResultSet> {
    return this.#call(() => this.#execute(toStatement(statement, args)));
  }

  batch(
    given: (InStatement | [string, InArgs?])[],
    mode: TransactionMode = 'deferred',
  ): Promise<ResultSet[]> {
    return this.#call(async () => {
      if (given.length === 0) return [];
      const statements = given.map((statement) => toStatement(statement));
      const reads = mode === 'read' || (mode === 'deferred' && statements.every(mayRead));
      const only = mode === 'read';
      const read = reads ? await withPlaces(this.#read(statements, only), [0]) : null;
      return read ?? this.#write(statements);
    });
  }

  migrate(given: InStatement[]): Promise<ResultSet[]> {
    return this.#call(async () => {
      if (given.length === 0) return [];
      const statements = given.map((statement) => toStatement(statement));
      const [, ...results] = await withPlaces(this.#write([{ sql: KEYS_OFF }, ...statements]), [
        0,
        ...statements.keys(),
      ]);
      return results;
    });
  }

  executeMultiple(script: string): Promise<void> {
    return this.#call(async () => {
      for (const transaction of transactionsOf(script)) {
        const places = transaction.map(({ at }) => at);
        const [only, ...others] = transaction.map(({ sql }) => ({ sql }));
        if (others.length === 0) await atPlace(places[0]!, () => this.#execute(only!));
        else await withPlaces(this.#write([only!, ...others]), places);
      }
    });
  }

  transaction(mode: TransactionMode = 'write'): Promise<LibsqlTransaction> {
    return this.#call(async () => {
      const { reads, writes } = this.#options;
      const { forward: _, ...state } = reads ?? {};
      const transaction = await this.#db.transaction(mode, mode === 'read' ? state : writes);
      return new OpenLibsqlTransaction(transaction, (sql, result) => this.#typesOf(sql, result));
    });
  }

  sync(): Promise<undefined> {
    return this.#call(async () => {
      await this.#db.query('SELECT 1', [], { level: 'strong' });
      return undefined;
    });
  }

  close(): void {
    this.closed = true;
  }

  reconnect(): void {
    this.closed = false;
  }

  #call<T>(work: () => Promise<T>): Promise<T> {
    return withLibsqlErrors(async () => {
      if (this.closed)
        throw new PacelineError('CLOSED', 'this client was closed; reconnect() opens it again');
      return work();
    });
  }

  async #execute(statement: Statement): Promise<ResultSet> {
    const [read] = (mayRead(statement) && (await this.#read([statement], false))) || [];
    if (read !== undefined) return read;
    const { sql, args } = statement;
    const result = await this.#db.execute(sql, args, this.#options.writes);
    return this.#resultSet(statement, result);
  }

  /** From this member's copy, several statements from one state of it; null if one of them writes and that is not an error. */
  async #read(statements: readonly Statement[], only: boolean): Promise<ResultSet[] | null> {
    const { reads } = this.#options;
    const [first, ...others] = statements;
    try {
      if (others.length === 0) {
        const { sql, args } = first!;
        return [this.#resultSet(first!, await this.#db.query(sql, args, reads))];
      }
      return await this.#db.snapshot(async (snapshot) => {
        const results: ResultSet[] = [];
        for (const [i, statement] of statements.entries()) {
          const { sql, args } = statement;
          const result = await atPlace(i, () => snapshot.query(sql, args));
          results.push(this.#resultSet(statement, result));
        }
        return results;
      }, reads);
    } catch (error) {
      if (!only && isCode(error, 'READ_ONLY')) return null;
      throw error;
    }
  }

  async #write(statements: readonly Statement[]): Promise<ResultSet[]> {
    const { results } = await this.#db.batch(statements, this.#options.writes);
    return results.map((result, i) => this.#resultSet(statements[i]!, result));
  }

  #resultSet({ sql }: Statement, result: Result): ResultSet {
    return resultSet(result, () => this.#typesOf(sql, result));
  }

  /** What this member's copy says; it does not prepare what writes, nor what it does not have (yet, or any more). */
  #typesOf(sql: string, { columns }: Result): string[] {
    try {
      const declared = this.#db.prepare(sql).columns();
      return declared.map(({ type }) => type ?? '');
    } catch (error) {
      if (!(error instanceof PacelineError)) throw error;
      return columns.map(() => '');
    }
  }
}

function isCode(error: unknown, code: PacelineError['code']): boolean {
  return error instanceof PacelineError && error.code === code;
}
