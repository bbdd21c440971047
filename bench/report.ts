/** One figure with what belongs to it: a line of the JSON file. */
export interface Row {
  readonly workload: string;
  readonly system: string;
  readonly concurrency: number;
  readonly perSecond: number | null;
  readonly p50ms: number | null;
  readonly p99ms: number | null;
  readonly [more: string]: unknown;
}

/** A column of the printed table. */
export interface Column {
  readonly title: string;
  readonly text: (row: Row) => string;
}

export const COMMON_COLUMNS: readonly Column[] = [
  { title: 'system', text: (row) => row.system },
  { title: 'c', text: (row) => String(row.concurrency) },
  { title: 'per s', text: (row) => count(row.perSecond) },
  { title: 'p50 ms', text: (row) => milliseconds(row.p50ms) },
  { title: 'p99 ms', text: (row) => milliseconds(row.p99ms) },
];

/** A column of a number under a name of the row's own. */
export function column(title: string, name: string, digits: number, suffix = ''): Column {
  return {
    title,
    text: (row) => {
      const value = row[name];
      return typeof value === 'number' && Number.isFinite(value)
        ? `${value.toFixed(digits)}${suffix}`
        : '';
    },
  };
}

/** The first column to the left, the others to the right. */
export function printTable(title: string, columns: readonly Column[], rows: readonly Row[]): void {
  const cells = [
    columns.map((c) => c.title),
    ...rows.map((row) => columns.map((c) => c.text(row))),
  ];
  const widths = columns.map((_, i) => Math.max(...cells.map((line) => line[i]!.length)));
  console.log(`\n${title}`);
  for (const line of cells)
    console.log(
      line
        .map((text, i) => (i === 0 ? text.padEnd(widths[i]!) : text.padStart(widths[i]!)))
        .join('  ')
        .trimEnd(),
    );
}

export function count(value: number | null): string {
  return value === null ? '' : Math.round(value).toLocaleString('en-US');
}

function milliseconds(value: number | null): string {
  if (value === null) return '';
  return value < 0.1 ? value.toFixed(4) : value < 10 ? value.toFixed(2) : value.toFixed(1);
}

/** What is going on, for the one who waits; not part of the result. */
export function progress(text: string): void {
  process.stderr.write(`· ${text}\n`);
}
