import { ByteReader } from '../base/bytes.ts';
import type { Entry, HardState } from '../raft/entry.ts';
import { decodeMembership, decodeVote } from './entry-codec.ts';
import type { SegmentStart } from './flush-encoder.ts';
import { FLAG_FRESH, FLAG_MEMBERSHIP, type RecordHeader } from './record.ts';

/** The counterparts of flush-encoder's drafts. Each throws RECORD_DAMAGED. */
export function decodeEntry(header: RecordHeader, body: Uint8Array): Entry {
  const { index, term } = header;
  if ((header.flags & FLAG_MEMBERSHIP) === 0) return { index, term, membership: null, data: body };
  const from = new ByteReader(body, `entry ${index}`);
  const membership = decodeMembership(from);
  return { index, term, membership, data: from.raw(from.remaining) };
}

export function decodeHardState(header: RecordHeader, body: Uint8Array): HardState {
  const from = new ByteReader(body, 'hard state');
  const hardState = decodeVote(from, header.term);
  from.end();
  return hardState;
}

export function decodeStart(header: RecordHeader, body: Uint8Array): SegmentStart {
  const from = new ByteReader(body, 'start of segment');
  const previousEnd = from.u32();
  const hardState = decodeVote(from, from.u53());
  from.end();
  const previous = { index: header.index, term: header.term };
  return { fresh: (header.flags & FLAG_FRESH) !== 0, previous, previousEnd, hardState };
}
