import type { Connection } from '../../src/sqlite/binding.ts';

export interface Column {
  readonly name: string;
  readonly type: string;
  readonly notNull: boolean;
  readonly primaryKey: boolean;
  /** Values cannot be given for it. */
  readonly generated: boolean;
}

export interface Table {
  readonly name: string;
  readonly withoutRowid: boolean;
  readonly strict: boolean;
  readonly columns: readonly Column[];
}

interface ListedTable {
  readonly name: string;
  readonly type: string;
  readonly wr: number;
  readonly strict: number;
}

interface ListedColumn {
  readonly name: string;
  readonly type: string;
  readonly notnull: number;
  readonly pk: number;
  readonly hidden: number;
}

/**
 * What the plain database has at this moment: the generator builds its next statement on it. The plain side is determined by the
 * seed, and so is what is read here.
 */
export class Catalog {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Names of objects of one type, by name. */
  names(type: 'table' | 'index' | 'view' | 'trigger', prefix = ''): string[] {
    const rows = this.#connection
      .prepare(
        "SELECT name FROM sqlite_schema WHERE type = ? AND name NOT LIKE 'sqlite%' ORDER BY name",
      )
      .all(type) as { name: string }[];
    return rows.map(({ name }) => name).filter((name) => name.startsWith(prefix));
  }

  /** A call of soundex(), which not every SQLite was built with; where there is none, something else. */
  soundex(of: string): string {
    const listed = "SELECT 1 FROM pragma_function_list WHERE name = 'soundex'";
    return this.#connection.prepare(listed).get() === undefined ? 'NULL' : `soundex(${of})`;
  }

  has(name: string): boolean {
    return (
      this.#connection.prepare('SELECT 1 FROM sqlite_schema WHERE name = ?').get(name) !== undefined
    );
  }

  /** The tables made for anybody's rows: `t1`, `t2`, … */
  tables(prefix = 't'): Table[] {
    const listed = this.#connection
      .prepare("SELECT name, type, wr, strict FROM pragma_table_list WHERE schema = 'main'")
      .all() as unknown as ListedTable[];
    const wanted = new RegExp(`^${prefix}\\d+$`);
    return listed
      .filter(({ name, type }) => type === 'table' && wanted.test(name))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .map((table) => this.#describe(table));
  }

  rows(table: string): number {
    const row = this.#connection.prepare(`SELECT count(*) AS n FROM "${table}"`).get();
    return (row as { n: number }).n;
  }

  /** How many columns a query has. */
  width(sql: string): number {
    return this.#connection.prepare(sql).columns().length;
  }

  #describe({ name, wr, strict }: ListedTable): Table {
    const columns = this.#connection
      .prepare('SELECT name, type, "notnull", pk, hidden FROM pragma_table_xinfo(?)')
      .all(name) as unknown as ListedColumn[];
    return {
      name,
      withoutRowid: wr === 1,
      strict: strict === 1,
      columns: columns.map((column) => ({
        name: column.name,
        type: column.type,
        notNull: column.notnull === 1,
        primaryKey: column.pk > 0,
        generated: column.hidden > 1,
      })),
    };
  }
}
