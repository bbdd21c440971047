import type { StatementGuard } from './authorizer.ts';
import type { Connection, PreparedStatement } from './binding.ts';

/** What the schema says about how statements behave; asked once, until the schema changes. */
export class SchemaFacts {
  readonly #guard: StatementGuard;
  readonly #failing: PreparedStatement;
  readonly #deferring: PreparedStatement;
  readonly #telling: PreparedStatement;
  readonly #kind: PreparedStatement;
  readonly #withoutRowid = new Map<string, boolean>();
  #mayFail: boolean | null = null;
  #mayDefer: boolean | null = null;
  #mayTellRowid: boolean | null = null;

  constructor(connection: Connection, guard: StatementGuard) {
    this.#guard = guard;
    this.#failing = connection.prepare(
      `SELECT 1 FROM sqlite_schema WHERE sql LIKE '%fail%' OR sql LIKE '%conflict%'
        OR sql LIKE '%ignore%' OR sql LIKE '%replace%' LIMIT 1`,
    );
    this.#deferring = connection.prepare(
      "SELECT 1 FROM sqlite_schema WHERE sql LIKE '%deferred%' LIMIT 1",
    );
    this.#telling = connection.prepare(
      "SELECT 1 FROM sqlite_schema WHERE sql LIKE '%last_insert_rowid%' LIMIT 1",
    );
    this.#kind = connection.prepare(
      "SELECT 1 FROM pragma_table_list(?) WHERE schema = 'main' AND (wr OR type = 'view')",
    );
  }

  forget(): void {
    this.#mayFail = null;
    this.#mayDefer = null;
    this.#mayTellRowid = null;
    this.#withoutRowid.clear();
  }

  /** Whether a constraint's or a trigger's conflict clause may keep some rows of a statement that fails. */
  get mayFail(): boolean {
    this.#mayFail ??= this.#guard.lifted(() => this.#failing.get() !== undefined);
    return this.#mayFail;
  }

  /** Whether a foreign key may be checked at COMMIT only: then a write must not share its commit with another, which could mend it. */
  get mayDefer(): boolean {
    this.#mayDefer ??= this.#guard.lifted(() => this.#deferring.get() !== undefined);
    return this.#mayDefer;
  }

  /** Whether a trigger, view or default may ask for last_insert_rowid(). */
  get mayTellRowid(): boolean {
    this.#mayTellRowid ??= this.#guard.lifted(() => this.#telling.get() !== undefined);
    return this.#mayTellRowid;
  }

  /** Also true of a view: what its triggers insert is theirs. */
  isWithoutRowid(table: string): boolean {
    const known = this.#withoutRowid.get(table);
    if (known !== undefined) return known;
    const found = this.#guard.lifted(() => this.#kind.get(table) !== undefined);
    this.#withoutRowid.set(table, found);
    return found;
  }
}
