import type { Transaction } from '../api/database.ts';
import { atPlace, withLibsqlErrors } from './libsql-error.ts';
import { type Result, resultSet } from './result-set.ts';
import type { InArgs, InStatement, LibsqlTransaction, ResultSet } from './shapes.ts';
import { statementsOf, toStatement } from './statements.ts';

/** An interactive transaction of Paceline's in libSQL's shape. */
export class OpenLibsqlTransaction implements LibsqlTransaction {
  readonly #transaction: Transaction;
  readonly #typesOf: (sql: string, result: Result) => string[];

  constructor(transaction: Transaction, typesOf: (sql: string, result: Result) => string[]) {
    this.#transaction = transaction;
    this.#typesOf = typesOf;
  }

  get closed(): boolean {
    return this.#transaction.closed;
  }

  execute(statement: InStatement, args?: InArgs): Promise<ResultSet> {
    return withLibsqlErrors(() => this.#execute(statement, args));
  }

  async batch(statements: (InStatement | [string, InArgs?])[]): Promise<ResultSet[]> {
    return withLibsqlErrors(async () => {
      const results: ResultSet[] = [];
      for (const [i, statement] of statements.entries())
        results.push(await atPlace(i, () => this.#execute(statement)));
      return results;
    });
  }

  async executeMultiple(sql: string): Promise<void> {
    await this.batch(statementsOf(sql));
  }

  async commit(): Promise<void> {
    await withLibsqlErrors(() => this.#transaction.commit());
  }

  /** Tools call it after any error: for a transaction that has ended there is nothing to do, nor to say. */
  rollback(): Promise<void> {
    return this.#transaction.close();
  }

  close(): void {
    void this.#transaction.close();
  }

  async #execute(given: InStatement | [string, InArgs?], args?: InArgs): Promise<ResultSet> {
    const { sql, args: values } = toStatement(given, args);
    const result = await this.#transaction.execute(sql, values);
    return resultSet(result, () => this.#typesOf(sql, result));
  }
}
