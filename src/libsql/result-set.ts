import type { SqlValue } from '../api/value.ts';
import type { ResultSet, Row, Value } from './shapes.ts';

/** A result of Paceline's; a read has only the first two. */
export interface Result {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly SqlValue[])[];
  readonly changes?: number;
  readonly lastInsertRowid?: number | bigint;
}

class PlainResultSet implements ResultSet {
  readonly columns: string[];
  readonly rows: Row[];
  readonly rowsAffected: number;
  readonly lastInsertRowid: bigint | undefined;
  readonly #typesOf: () => string[];
  #columnTypes: string[] | null = null;

  constructor({ columns, rows, changes, lastInsertRowid }: Result, typesOf: () => string[]) {
    this.columns = [...columns];
    const toRow = areOrdinary(this.columns) ? ordinaryRow : carefulRow;
    this.rows = rows.map((values) => toRow(this.columns, values));
    this.rowsAffected = changes ?? 0;
    // Paceline answers 0 for a statement that inserted nothing.
    this.lastInsertRowid = lastInsertRowid ? BigInt(lastInsertRowid) : undefined;
    this.#typesOf = typesOf;
  }

  /** Looked up when first asked for: few tools want them. */
  get columnTypes(): string[] {
    this.#columnTypes ??= this.columns.length === 0 ? [] : this.#typesOf();
    return this.#columnTypes;
  }

  toJSON(): unknown {
    const { columns, columnTypes, rows, rowsAffected, lastInsertRowid } = this;
    return {
      ...{ columns, columnTypes, rowsAffected },
      rows: rows.map((row) => Array.prototype.map.call(row, toJson)),
      lastInsertRowid: lastInsertRowid === undefined ? null : String(lastInsertRowid),
    };
  }
}

/** `typesOf` tells the declared types of the columns. */
export function resultSet(result: Result, typesOf: () => string[]): ResultSet {
  return new PlainResultSet(result, typesOf);
}

/** Whether the names are all different, and none is also a number, `length`, or `__proto__`. */
function areOrdinary(columns: readonly string[]): boolean {
  const ordinary = (name: string) =>
    /^[^\d]/.test(name) && name !== 'length' && name !== '__proto__';
  return new Set(columns).size === columns.length && columns.every(ordinary);
}

/** A plain object, because frameworks refuse to pass on others; what makes it an array is not enumerable. */
function ordinaryRow(columns: readonly string[], values: readonly SqlValue[]): Row {
  const row: Record<string, Value> = {};
  // Assigning is several times as fast as defining; in this order, it stays so.
  for (let i = 0; i < values.length; i++) row[columns[i]!] = toValue(values[i]!);
  for (let i = 0; i < values.length; i++)
    Object.defineProperty(row, i, { value: row[columns[i]!] });
  return Object.defineProperty(row, 'length', { value: values.length }) as unknown as Row;
}

/** The same where names clash with one another, or with what an object or array has. */
function carefulRow(columns: readonly string[], values: readonly SqlValue[]): Row {
  const row = {};
  Object.defineProperty(row, 'length', { value: values.length });
  for (let i = 0; i < values.length; i++) {
    const value = toValue(values[i]!);
    Object.defineProperty(row, i, { value });
    const name = columns[i]!;
    if (!Object.hasOwn(row, name)) Object.defineProperty(row, name, { value, ...ORDINARY });
  }
  return row as Row;
}

const ORDINARY = { enumerable: true, configurable: true, writable: true };

function toValue(value: SqlValue): Value {
  if (!(value instanceof Uint8Array)) return value;
  const whole = value.byteLength === value.buffer.byteLength;
  return (whole ? value : value.slice()).buffer as ArrayBuffer;
}

function toJson(value: Value): unknown {
  if (typeof value === 'bigint') return String(value);
  return value instanceof ArrayBuffer ? Buffer.from(value).toString('base64') : value;
}
