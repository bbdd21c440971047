import { ByteReader, ByteWriter } from '../base/bytes.ts';
import {
  ERROR_CODES,
  type ErrorCode,
  type ErrorRecord,
  type SqliteDetail,
} from '../base/errors.ts';
import type { Statement, StatementResult } from './request.ts';
import type { SqlArgs, SqlValue } from './value.ts';

/**
 * The binary form of writes and their outcomes: between members when a write is forwarded, and in the
 * database, where a request id keeps the first answer.
 */
const NULL = 0;
const INTEGER = 1;
const REAL = 2;
const TEXT = 3;
const BLOB = 4;

/** Integers that SQLite returned as bigint become numbers where that loses nothing. */
export function narrow(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function writeValue(w: ByteWriter, value: SqlValue): void {
  if (value === null) w.u8(NULL);
  else if (typeof value === 'bigint') w.u8(INTEGER).i64(value);
  else if (typeof value === 'number') {
    if (Number.isSafeInteger(value) && !Object.is(value, -0)) w.u8(INTEGER).i64(BigInt(value));
    else w.u8(REAL).f64(value);
  } else if (typeof value === 'string') w.u8(TEXT).text(value);
  else w.u8(BLOB).block(value);
}

function readValue(r: ByteReader): SqlValue {
  const tag = r.u8();
  switch (tag) {
    case NULL:
      return null;
    case INTEGER:
      return narrow(r.i64());
    case REAL:
      return r.f64();
    case TEXT:
      return r.text();
    case BLOB:
      return r.block().slice();
    default:
      throw r.damaged(`unknown kind of value ${tag}`);
  }
}

function writeArgs(w: ByteWriter, args: SqlArgs | undefined): void {
  const named = args !== undefined && !Array.isArray(args);
  const entries = named ? Object.entries(args) : (args ?? []).map((value) => ['', value] as const);
  w.u8(named ? 1 : 0).u32(entries.length);
  for (const [name, value] of entries) {
    if (named) w.text(name);
    writeValue(w, value);
  }
}

function readArgs(r: ByteReader): SqlArgs {
  const named = r.u8() === 1;
  const count = r.u32();
  if (!named) return readMany(r, count, readValue);
  return Object.fromEntries(readMany(r, count, () => [r.text(), readValue(r)] as const));
}

/** Reads `count` items, each of at least one byte, so that a damaged count cannot ask for more than there is. */
function readMany<T>(r: ByteReader, count: number, read: (r: ByteReader) => T): T[] {
  if (count > r.remaining) throw r.damaged(`${count} items cannot fit in ${r.remaining} bytes`);
  const items: T[] = [];
  for (let i = 0; i < count; i++) items.push(read(r));
  return items;
}

/** A write as it travels; several statements are one transaction. */
export interface WireWrite {
  readonly statements: readonly Statement[];
  readonly id: string;
  /** Nothing is to be run: what became of the write with this id? */
  readonly asks: boolean;
}

export function encodeWrite(write: WireWrite): Uint8Array {
  return writeWrite(new ByteWriter(128), write).finish();
}

export function writeWrite(w: ByteWriter, { statements, id, asks }: WireWrite): ByteWriter {
  return writeStatements(w.u8(asks ? 1 : 0).text(id), statements);
}

export function decodeWrite(bytes: Uint8Array): WireWrite {
  const r = new ByteReader(bytes, 'forwarded write');
  const asks = r.u8() === 1;
  const id = r.text();
  const statements = readStatements(r);
  r.end();
  return { statements, id, asks };
}

export function writeStatements(w: ByteWriter, statements: readonly Statement[]): ByteWriter {
  w.u32(statements.length);
  for (const { sql, args } of statements) writeArgs(w.text(sql), args);
  return w;
}

export function readStatements(r: ByteReader): Statement[] {
  return readMany(r, r.u32(), () => ({ sql: r.text(), args: readArgs(r) }));
}

export function encodeResults(results: readonly StatementResult[]): Uint8Array {
  return writeResults(new ByteWriter(64), results).finish();
}

export function writeResults(w: ByteWriter, results: readonly StatementResult[]): ByteWriter {
  w.u32(results.length);
  for (const result of results) {
    w.u53(result.changes).i64(BigInt(result.lastInsertRowid)).u32(result.columns.length);
    for (const column of result.columns) w.text(column);
    w.u32(result.rows.length);
    for (const row of result.rows) for (const value of row) writeValue(w, value);
  }
  return w;
}

export function decodeResults(bytes: Uint8Array): StatementResult[] {
  const r = new ByteReader(bytes, 'results of a write');
  const results = readMany(r, r.u32(), readResult);
  r.end();
  return results;
}

function readResult(r: ByteReader): StatementResult {
  const changes = r.u53();
  const lastInsertRowid = narrow(r.i64());
  const columns = readMany(r, r.u32(), () => r.text());
  const count = r.u32();
  // A row of nothing takes no bytes, so that its count would be bounded by nothing.
  if (columns.length === 0 && count > 0) throw r.damaged(`${count} rows without columns`);
  const rows = readMany(r, count, () => columns.map(() => readValue(r)));
  return { columns, rows, changes, lastInsertRowid };
}

/** Which optional parts of an error follow. */
const HAS_SQLITE = 1;
const HAS_STATEMENT = 2;

export function encodeError(error: ErrorRecord): Uint8Array {
  const { code, message, sqlite, statementIndex } = error;
  const parts =
    (sqlite === undefined ? 0 : HAS_SQLITE) | (statementIndex === undefined ? 0 : HAS_STATEMENT);
  const w = new ByteWriter(128).text(code).text(message).u8(parts);
  if (sqlite !== undefined) w.text(sqlite.code).u32(sqlite.errcode);
  if (statementIndex !== undefined) w.u32(statementIndex);
  return w.finish();
}

export function decodeError(bytes: Uint8Array): ErrorRecord {
  const r = new ByteReader(bytes, 'error');
  const code = r.text();
  if (!Object.hasOwn(ERROR_CODES, code)) throw r.damaged(`unknown error code ${code}`);
  const plain = { code: code as ErrorCode, message: r.text() };
  const parts = r.u8();
  if (parts > (HAS_SQLITE | HAS_STATEMENT)) throw r.damaged(`unknown parts ${parts}`);
  const sqlite = (parts & HAS_SQLITE) === 0 ? {} : { sqlite: readSqliteDetail(r) };
  const statement = (parts & HAS_STATEMENT) === 0 ? {} : { statementIndex: r.u32() };
  r.end();
  return { ...plain, ...sqlite, ...statement };
}

function readSqliteDetail(r: ByteReader): SqliteDetail {
  return { code: r.text(), errcode: r.u32() };
}
