import { ByteReader, ByteWriter } from '../base/bytes.ts';
import type { EntryId, Index, Membership } from '../raft/entry.ts';
import type { ChecksumValue } from '../redo/checksum.ts';
import { readMembership, writeMembership } from '../transport/membership-codec.ts';

/** What a member that needs a database says. It pulls: so it sets the pace, and can go on where it stopped. */
export type SnapshotRequestFrame =
  /** Asks for an offer: an earlier snapshot than `atLeast` would not meet the log. */
  | { readonly type: 'open'; readonly atLeast: Index }
  | SnapshotRead
  /** It has all, or goes on with another member. */
  | { readonly type: 'done' }
  /** To the leader, now and then: the log behind `after` will be needed when these `bytes` are there, whoever sends them. */
  | { readonly type: 'keep-log'; readonly after: Index; readonly bytes: number };

/** Asks for a part of what was offered at `id`. */
export interface SnapshotRead {
  readonly type: 'read';
  readonly id: EntryId;
  readonly offset: number;
  readonly length: number;
}

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
  /** Not to be had from this member now, or not any more. */
  | { readonly type: 'gone' };

const OPEN = 1;
const READ = 2;
const DONE = 3;
const KEEP_LOG = 4;
const OFFER = 1;
const CHUNK = 2;
const GONE = 3;

export function encodeSnapshotRequest(frame: SnapshotRequestFrame): Uint8Array[] {
  const w = new ByteWriter(32);
  if (frame.type === 'open') w.u8(OPEN).u53(frame.atLeast);
  else if (frame.type === 'done') w.u8(DONE);
  else if (frame.type === 'keep-log') w.u8(KEEP_LOG).u53(frame.after).u53(frame.bytes);
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
  if (type === OPEN) return { type: 'open', atLeast: r.u53() };
  if (type === DONE) return { type: 'done' };
  if (type === KEEP_LOG) return { type: 'keep-log', after: r.u53(), bytes: r.u53() };
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
