import { argsFromJson, argsToJson } from '../api/json.ts';
import { ByteReader, ByteWriter } from '../base/bytes.ts';
import { crc32 } from '../base/crc32.ts';
import { messageOf, PacelineError } from '../base/errors.ts';
import type { EntryId } from '../raft/entry.ts';
import type { RowChange } from '../sqlite/row-changes.ts';

/** "PLST" */
const MAGIC = 0x504c5354;
const VERSION = 1;

/** A transaction that is not in the history that the cluster went on with. */
export interface LostEntry {
  readonly id: EntryId;
  /** Whether writes in it may have been acknowledged: they asked for less than a majority. */
  readonly mayBeAcknowledged: boolean;
  /** Pages as they were after it; empty where they could not be worked out any more. */
  readonly pages: ReadonlyMap<number, Uint8Array>;
  /** The log entry's payload, as it was. */
  readonly payload: Uint8Array;
}

/**
 * What a failover discarded. The file: magic, version, cluster, member, the last common position, page size, how many entries did not
 * fit, then the entries (position, flag, pages with numbers, payload), the rows and what could not be told as JSON, and a CRC-32 of all before it.
 */
export interface LostFile {
  readonly cluster: string;
  readonly member: string;
  /** The last position that both histories have. */
  readonly common: EntryId;
  readonly pageSize: number;
  /** Entries behind these that were not saved, because the file would be larger than `lostBytesMax`. */
  readonly omitted: number;
  readonly entries: readonly LostEntry[];
  /** What all entries together changed, where rows can be told. */
  readonly rows: readonly RowChange[];
  /** What of them could not be told, in words. */
  readonly untold: readonly string[];
}

export function encodeLostFile(file: LostFile): Uint8Array {
  const w = new ByteWriter(4096).u32(MAGIC).u16(VERSION).text(file.cluster).text(file.member);
  w.u53(file.common.term).u53(file.common.index).u32(file.pageSize).u32(file.omitted);
  w.u32(file.entries.length);
  for (const { id, mayBeAcknowledged, pages, payload } of file.entries) {
    w.u53(id.term)
      .u53(id.index)
      .u8(mayBeAcknowledged ? 1 : 0)
      .u32(pages.size);
    for (const [pgno, image] of pages) w.u32(pgno).block(image);
    w.block(payload);
  }
  w.text(JSON.stringify({ rows: file.rows.map(rowToJson), untold: file.untold }));
  const body = w.finish();
  return new ByteWriter(body.length + 4).raw(body).u32(crc32(body)).finish();
}

/** Throws RECORD_DAMAGED, PROTOCOL_MISMATCH. */
export function decodeLostFile(bytes: Uint8Array): LostFile {
  const r = new ByteReader(bytes.subarray(0, Math.max(0, bytes.length - 4)), 'lost writes');
  if (r.u32() !== MAGIC) throw r.damaged('it is not a file of lost writes');
  const version = r.u16();
  if (version !== VERSION)
    throw new PacelineError('PROTOCOL_MISMATCH', `lost writes of version ${version}: upgrade`);
  const sum = new ByteReader(bytes.subarray(bytes.length - 4), 'lost writes').u32();
  if (sum !== crc32(bytes.subarray(0, bytes.length - 4))) throw r.damaged('the checksum differs');
  const [cluster, member] = [r.text(), r.text()];
  const common = { term: r.u53(), index: r.u53() };
  const [pageSize, omitted, count] = [r.u32(), r.u32(), r.u32()];
  const entries: LostEntry[] = [];
  for (let i = 0; i < count; i++) entries.push(readEntry(r));
  const { rows, untold } = readRows(r);
  r.end();
  return { cluster, member, common, pageSize, omitted, entries, rows, untold };
}

function readEntry(r: ByteReader): LostEntry {
  const id = { term: r.u53(), index: r.u53() };
  const mayBeAcknowledged = r.u8() === 1;
  const pages = new Map<number, Uint8Array>();
  for (let left = r.u32(); left > 0; left--) pages.set(r.u32(), r.block());
  return { id, mayBeAcknowledged, pages, payload: r.block() };
}

function rowToJson({ before, after, rowid, ...row }: RowChange): object {
  const list = (row: RowChange['before']) => (row === null ? null : argsToJson(row, 'row'));
  return { ...row, rowid: list([rowid]), before: list(before), after: list(after) };
}

function readRows(r: ByteReader): Pick<LostFile, 'rows' | 'untold'> {
  try {
    const { rows, untold } = JSON.parse(r.text()) as { rows: unknown[]; untold: unknown[] };
    return { rows: rows.map(rowFromJson), untold: untold.map(String) };
  } catch (error) {
    throw r.damaged(`its rows: ${messageOf(error)}`);
  }
}

/** Throws what says that it is no row. */
function rowFromJson(json: unknown): RowChange {
  const { before, after, rowid, ...row } = json as Record<string, unknown>;
  const [id] = values(rowid) ?? [];
  const isNamed = typeof row.table === 'string' && id !== undefined;
  if (!isNamed || !Array.isArray(row.columns)) throw new Error('one has no table and columns');
  return { ...row, rowid: id, before: values(before), after: values(after) } as RowChange;
}

function values(json: unknown): RowChange['before'] {
  if (json === null) return null;
  const list = argsFromJson(json, 'row');
  if (!Array.isArray(list)) throw new Error('the values of one are no list');
  return list;
}
