import Table from 'cli-table3';
import type { SqlValue } from '../api/value.ts';

/** Longer blobs are cut in tables; --json has all of them. */
const BLOB_BYTES_SHOWN = 32;

/** Rules between columns and below the head only: easy to read, easy to cut out. */
const CHARS = {
  ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '' },
  ...{ bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' },
  ...{ left: '', 'left-mid': '', right: '', 'right-mid': '', middle: ' │ ' },
  ...{ mid: '', 'mid-mid': '' },
};

/**
 * Rows under their column names, aligned: numbers to the right. The widths come from cli-table3, which
 * knows wide characters; counting them well is more than this tool should do itself.
 */
export function renderTable(
  columns: readonly string[],
  rows: readonly (readonly SqlValue[])[],
): string {
  const colAligns = columns.map((_, i) => (isNumeric(rows, i) ? 'right' : 'left'));
  const style = { head: [], border: [], 'padding-left': 0, 'padding-right': 0 };
  const table = new Table({ chars: CHARS, colAligns, style });
  table.push(columns.map(printable), ...rows.map((row) => row.map(renderValue)));
  const [head = '', ...body] = table.toString().split('\n');
  const rule = head.replaceAll(/[^│]/gu, '─').replaceAll('│', '┼');
  return [head, rule, ...body].map((line) => line.trimEnd()).join('\n');
}

function isNumeric(rows: readonly (readonly SqlValue[])[], column: number): boolean {
  const values = rows.map((row) => row[column]).filter((value) => value !== null);
  return values.length > 0 && values.every((v) => typeof v === 'number' || typeof v === 'bigint');
}

function renderValue(value: SqlValue): string {
  if (value === null) return 'NULL';
  if (!(value instanceof Uint8Array)) return printable(String(value));
  const hex = Buffer.from(value.subarray(0, BLOB_BYTES_SHOWN)).toString('hex');
  return value.length > BLOB_BYTES_SHOWN ? `x'${hex}…' (${value.length} bytes)` : `x'${hex}'`;
}

/** Text from a database must not steer the terminal, nor break the table. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    const known = { '\n': '\\n', '\t': '\\t', '\r': '\\r' }[character];
    return known ?? `\\u{${character.codePointAt(0)!.toString(16)}}`;
  });
}
