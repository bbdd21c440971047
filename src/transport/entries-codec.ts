import { assert } from '../base/assert.ts';
import type { ByteReader, ByteWriter } from '../base/bytes.ts';
import type { Entry, EntryId, Membership, Term } from '../raft/entry.ts';
import { readMembership, writeMembership } from './membership-codec.ts';

/** The entry's term is higher than that of the entry before it, and follows. */
const FLAG_TERM = 1;
/** A membership follows. */
const FLAG_MEMBERSHIP = 2;
/** Flags and length of the data: bounds what a damaged count can make the decoder attempt. */
const ENTRY_BYTES_MIN = 1 + 4;

/** One entry before its data is known: the heads come first, all data after them. */
interface Head {
  readonly term: Term;
  readonly membership: Membership | null;
  readonly dataBytes: number;
}

/**
 * Heads of the entries that follow `previous`; the caller sends each entry's data behind them, in
 * order. Layout: count u32, then for each entry flags u8, [term u53], [membership], data length u32.
 * Indexes are not sent: they follow from `previous` (I2: a log has no gaps).
 */
export function writeHeads(writer: ByteWriter, previous: EntryId, entries: readonly Entry[]): void {
  writer.u32(entries.length);
  let { term, index } = previous;
  for (const entry of entries) {
    index += 1;
    assert(entry.index === index, `entry ${entry.index} where ${index} belongs`);
    assert(entry.term >= term, `term ${entry.term} after ${term}`);
    const flags = (entry.term > term ? FLAG_TERM : 0) | (entry.membership ? FLAG_MEMBERSHIP : 0);
    writer.u8(flags);
    if (entry.term > term) writer.u53(entry.term);
    if (entry.membership) writeMembership(writer, entry.membership);
    writer.u32(entry.data.length);
    term = entry.term;
  }
}

/** Heads, then data; each entry's data is a view of the input. */
export function readEntries(reader: ByteReader, previous: EntryId): Entry[] {
  const heads = readHeads(reader, previous.term);
  if (previous.index + heads.length > Number.MAX_SAFE_INTEGER) {
    throw reader.damaged('an index is out of range');
  }
  return heads.map(({ term, membership, dataBytes }, i) => ({
    term,
    index: previous.index + 1 + i,
    membership,
    data: reader.raw(dataBytes),
  }));
}

function readHeads(reader: ByteReader, previousTerm: Term): Head[] {
  const count = reader.u32();
  if (count * ENTRY_BYTES_MIN > reader.remaining)
    throw reader.damaged(`${count} entries announced`);
  const heads: Head[] = [];
  let term = previousTerm;
  for (let i = 0; i < count; i++) {
    const head = readHead(reader, term);
    heads.push(head);
    term = head.term;
  }
  return heads;
}

function readHead(reader: ByteReader, previousTerm: Term): Head {
  const flags = reader.u8();
  if (flags > (FLAG_TERM | FLAG_MEMBERSHIP)) throw reader.damaged(`unknown entry flags ${flags}`);
  const term = flags & FLAG_TERM ? reader.u53() : previousTerm;
  if (flags & FLAG_TERM && term <= previousTerm) throw reader.damaged('terms run backwards');
  const membership = flags & FLAG_MEMBERSHIP ? readMembership(reader) : null;
  return { term, membership, dataBytes: reader.u32() };
}
