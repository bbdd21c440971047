import type { SqlValue } from '../../src/api/value.ts';
import type { Prng } from '../../src/base/prng.ts';
import type { Catalog, Column, Table } from './catalog.ts';
import type { Draft } from './step.ts';

/** One thing that SQL can do. `make` gives null while there is nothing to do it with. */
export interface Feature {
  readonly name: string;
  /** How often it is chosen, compared with others; 1 when absent. */
  readonly weight?: number;
  /** False for what can only fail: then it has to fail, as often as it is tried. */
  readonly succeeds?: boolean;
  readonly make: (context: Context) => Draft | null;
}

const WORDS = [
  '',
  'a',
  'abc',
  'ABC',
  'Zebra',
  ' trailing ',
  'Äpfel',
  '日本',
  '🚲',
  "o'clock",
  '12',
  '1e3',
  'x'.repeat(300),
];
const REALS = [0.5, -1.25, Math.PI, 1e300, -1e-300, 1e15 + 0.5, Number.POSITIVE_INFINITY];
/** Without the very largest: behind it as a rowid SQLite takes the next ones by chance. */
const BIG = [2n ** 31n, -(2n ** 40n), 2n ** 53n, 2n ** 63n - 1_000_000n, -(2n ** 63n)];

/** What a feature makes its statements of. */
export class Context {
  readonly prng: Prng;
  readonly catalog: Catalog;
  #names = 0;

  constructor(prng: Prng, catalog: Catalog) {
    this.prng = prng;
    this.catalog = catalog;
  }

  /** A name that nothing has had before. */
  fresh(prefix: string): string {
    this.#names++;
    return `${prefix}${this.#names}`;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.prng.between(0, list.length - 1)]!;
  }

  maybe<T>(list: readonly T[]): T | null {
    return list.length === 0 ? null : this.pick(list);
  }

  int(low: number, high: number): number {
    return this.prng.between(low, high);
  }

  chance(probability: number): boolean {
    return this.prng.chance(probability);
  }

  table(): Table | null {
    return this.maybe(this.catalog.tables());
  }

  text(): string {
    return this.chance(0.5) ? this.pick(WORDS) : `w${this.int(0, 60)}`;
  }

  blob(bytesMax = 40): Uint8Array {
    return Uint8Array.from({ length: this.int(0, bytesMax) }, () => this.int(0, 255));
  }

  /** A value of any type. */
  value(): SqlValue {
    switch (this.int(0, 8)) {
      case 0:
        return null;
      case 1:
      case 2:
        return this.int(-3, 40);
      case 3:
        return this.pick(BIG);
      case 4:
        return this.pick(REALS);
      case 5:
      case 6:
        return this.text();
      case 7:
        return this.blob();
      default:
        return this.int(-100_000, 100_000);
    }
  }

  /** One that mostly suits the column. */
  valueFor({ type, notNull, primaryKey }: Column): SqlValue {
    if (this.chance(0.08)) return this.value();
    if (!notNull && this.chance(primaryKey ? 0.3 : 0.12)) return null;
    if (/INT/i.test(type)) return this.chance(0.1) ? this.pick(BIG) : this.int(0, 500);
    if (/TEXT|CHAR|CLOB|DATE/i.test(type)) return this.text();
    if (/BLOB/i.test(type)) return this.blob();
    if (/REAL|DEC|NUM|FLOA|DOUB/i.test(type))
      return this.chance(0.5) ? this.pick(REALS) : this.int(-50, 50);
    return this.value();
  }

  /** The same as a literal, where a parameter may not stand. */
  literal(value: SqlValue = this.value()): string {
    if (value === null) return 'NULL';
    if (typeof value === 'string') return `'${value.replaceAll("'", "''")}'`;
    if (value instanceof Uint8Array) return `x'${Buffer.from(value).toString('hex')}'`;
    if (value === Number.POSITIVE_INFINITY) return '9e999';
    // SQLite's tokenizer reads the least integer as a negated one that does not fit.
    return value === -(2n ** 63n) ? '(-9223372036854775807-1)' : String(value);
  }
}

/** Names quoted as identifiers. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** The columns that values can be given for. */
export function writable(table: Table): Column[] {
  return table.columns.filter(({ generated }) => !generated);
}

/** Orders rows of a table fully: by all columns, whatever their types. */
export function byAllColumns(table: Table): string {
  return table.columns.map(({ name }) => quoted(name)).join(', ');
}
