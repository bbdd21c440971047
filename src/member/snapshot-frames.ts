import { ByteReader, ByteWriter } from '../base/bytes.ts';
import type { EntryId, Membership } from '../raft/entry.ts';
import type { ChecksumValue } from '../redo/checksum.ts';
import { readMembership, writeMembership } from '../transport/membership-codec.ts';

/** What a member that needs a database asks of the leader. It pulls: so it sets the pace, and can go on where it stopped. */
export type SnapshotRequestFrame =
  | { readonly type: 'open' }
  | {
      readonly type: 'read';
      readonly id: EntryId;
      readonly offset: number;
      readonly length: number;
    }
  | { readonly type: 'done'; readonly id: EntryId };

/** What is offered: the main file of the database at `id`. */
export interface SnapshotOffer {
  readonly type: 'offer';
  readonly id: EntryId;
  readonly checksum: ChecksumValue;
  readonly bytes: number;
  readonly pageSize: number;
  readonly membership: Membership;
}

export type SnapshotReplyFrame =
  | SnapshotOffer
  | {
      readonly type: 'chunk';
      readonly id: EntryId;
      readonly offset: number;
      readonly data: Uint8Array;
    }
  /** Not to be had now, or not any more: ask again. */
  | { readonly type: 'gone' };

const OPEN = 1;
const READ = 2;
const DONE = 3;
const OFFER = 1;
const CHUNK = 2;
const GONE = 3;

export function encodeSnapshotRequest(frame: SnapshotRequestFrame): Uint8Array[] {
  const w = new ByteWriter(32);
  if (frame.type === 'open') w.u8(OPEN);
  else if (frame.type === 'done') writeId(w.u8(DONE), frame.id);
  else writeId(w.u8(READ), frame.id).u53(frame.offset).u32(frame.length);
  return [w.finish()];
}

export function decodeSnapshotRequest(bytes: Uint8Array): SnapshotRequestFrame {
  const r = new ByteReader(bytes, 'request for a snapshot');
  const frame = readRequest(r);
  r.end();
  return frame;
}

function readRequest(r: ByteReader): SnapshotRequestFrame {
  const type = r.u8();
  if (type === OPEN) return { type: 'open' };
  if (type === DONE) return { type: 'done', id: readId(r) };
  if (type !== READ) throw r.damaged(`unknown kind ${type}`);
  return { type: 'read', id: readId(r), offset: r.u53(), length: r.u32() };
}

export function encodeSnapshotReply(frame: SnapshotReplyFrame): Uint8Array[] {
  const w = new ByteWriter(128);
  if (frame.type === 'gone') return [w.u8(GONE).finish()];
  if (frame.type === 'chunk')
    return [writeId(w.u8(CHUNK), frame.id).u53(frame.offset).finish(), frame.data];
  writeId(w.u8(OFFER), frame.id)
    .u32(frame.checksum.hi)
    .u32(frame.checksum.lo)
    .u53(frame.bytes)
    .u32(frame.pageSize);
  writeMembership(w, frame.membership);
  return [w.finish()];
}

export function decodeSnapshotReply(bytes: Uint8Array): SnapshotReplyFrame {
  const r = new ByteReader(bytes, 'part of a snapshot');
  const type = r.u8();
  if (type === GONE) {
    r.end();
    return { type: 'gone' };
  }
  if (type === CHUNK)
    return { type: 'chunk', id: readId(r), offset: r.u53(), data: r.raw(r.remaining) };
  if (type !== OFFER) throw r.damaged(`unknown kind ${type}`);
  const id = readId(r);
  const checksum = { hi: r.u32(), lo: r.u32() };
  const size = { bytes: r.u53(), pageSize: r.u32() };
  const membership = readMembership(r);
  r.end();
  return { type: 'offer', id, checksum, ...size, membership };
}

function writeId(w: ByteWriter, { term, index }: EntryId): ByteWriter {
  return w.u53(term).u53(index);
}

function readId(r: ByteReader): EntryId {
  return { term: r.u53(), index: r.u53() };
}
