import { assert } from '../base/assert.ts';
import { ByteWriter } from '../base/bytes.ts';
import type { Entry, EntryId, HardState } from '../raft/entry.ts';
import { encodeMembership, encodeVote } from './entry-codec.ts';
import type { LogWrite } from './log-store.ts';
import {
  FLAG_FRESH,
  FLAG_MEMBERSHIP,
  type Placement,
  putHeader,
  RECORD_HEADER_BYTES,
  type RecordFields,
} from './record.ts';

/** A record with its body in parts, ready to be copied into the flush's one buffer. */
interface Draft {
  readonly fields: RecordFields;
  readonly parts: readonly Uint8Array[];
  readonly bodyBytes: number;
}

/** What opens a segment. */
export interface SegmentStart {
  /** Creation and reset: the log does not continue the segment before. */
  readonly fresh: boolean;
  /** Id of the entry before the first of this segment. */
  readonly previous: EntryId;
  /** Where the records of the segment before end; 0 when fresh. */
  readonly previousEnd: number;
  readonly hardState: HardState;
}

/** A scratch buffer larger than this is not kept for the next flush. */
const SCRATCH_KEPT_BYTES_MAX = 4 * 1024 * 1024;

/**
 * Collects the records of one flush and lays them out in one contiguous buffer. One flush is under
 * way at a time, so the buffer is reused; it is valid until the next `encode`.
 */
export class FlushEncoder {
  #drafts: Draft[] = [];
  #bytes = 0;
  #scratch = new Uint8Array(64 * 1024);

  /** Size of the flush collected so far. */
  get bytes(): number {
    return this.#bytes;
  }

  start(start: SegmentStart): void {
    this.#drafts.unshift(draftStart(start));
    this.#bytes += RECORD_HEADER_BYTES + this.#drafts[0]!.bodyBytes;
  }

  /**
   * The hard state goes first: if a crash keeps only a part of the write, every such part is a
   * state
   * that Raft may be in (a newer term, a vote not yet sent, then a shorter append).
   */
  write(change: LogWrite): void {
    if (change.hardState !== null) this.#add(draftHardState(change.hardState));
    if (change.truncateFrom !== null) this.#add(draftTruncation(change.truncateFrom));
    for (const entry of change.entries) this.#add(draftEntry(entry));
  }

  seal(last: EntryId): void {
    this.#add(draft({ type: 'seal', flags: 0, index: last.index, term: last.term }, []));
  }

  /**
   * The flush as bytes for `placement`, and the offset in the file of each record. Empties the
   * encoder.
   */
  encode(placement: Placement): { bytes: Uint8Array; offsets: number[] } {
    assert(this.#bytes > 0, 'nothing to encode');
    const bytes = this.#room(this.#bytes);
    const offsets: number[] = [];
    let at = 0;
    for (const each of this.#drafts) {
      let body = at + RECORD_HEADER_BYTES;
      for (const part of each.parts) {
        bytes.set(part, body);
        body += part.length;
      }
      putHeader(bytes, at, each.bodyBytes, each.fields, placement);
      offsets.push(placement.fileOffset + at);
      at = body;
    }
    assert(at === bytes.length, 'the flush does not fill its buffer');
    this.#drafts = [];
    this.#bytes = 0;
    return { bytes, offsets };
  }

  #add(each: Draft): void {
    this.#drafts.push(each);
    this.#bytes += RECORD_HEADER_BYTES + each.bodyBytes;
  }

  #room(size: number): Uint8Array {
    if (size <= this.#scratch.length) return this.#scratch.subarray(0, size);
    const capacity = Math.max(size, Math.min(this.#scratch.length * 2, SCRATCH_KEPT_BYTES_MAX));
    const grown = new Uint8Array(capacity);
    if (capacity <= SCRATCH_KEPT_BYTES_MAX) this.#scratch = grown;
    return grown.subarray(0, size);
  }
}

function draft(fields: RecordFields, parts: readonly Uint8Array[]): Draft {
  return { fields, parts, bodyBytes: parts.reduce((sum, part) => sum + part.length, 0) };
}

function draftEntry(entry: Entry): Draft {
  const { index, term, membership, data } = entry;
  if (membership === null) return draft({ type: 'entry', flags: 0, index, term }, [data]);
  const parts = [encodeMembership(membership), data];
  return draft({ type: 'entry', flags: FLAG_MEMBERSHIP, index, term }, parts);
}

function draftTruncation(index: number): Draft {
  return draft({ type: 'truncate', flags: 0, index, term: 0 }, []);
}

function draftHardState(hardState: HardState): Draft {
  const fields = { type: 'hard-state', flags: 0, index: 0, term: hardState.term } as const;
  return draft(fields, [encodeVote(hardState)]);
}

function draftStart(start: SegmentStart): Draft {
  const { index, term } = start.previous;
  const links = new ByteWriter(12).u32(start.previousEnd).u53(start.hardState.term).finish();
  const flags = start.fresh ? FLAG_FRESH : 0;
  return draft({ type: 'start', flags, index, term }, [links, encodeVote(start.hardState)]);
}
