import { ByteReader, ByteWriter } from '../base/bytes.ts';
import { crc32 } from './checksum.ts';
import { decodeMembership, encodeMembership } from './entry-codec.ts';
import { damaged } from './failure.ts';
import type { LogBase } from './log-store.ts';

/**
 * The file `base`: where the kept log begins, and which segment is its first. Replaced as a whole:
 * 'PCLNBAS1', u32 version, u64 first segment, u64 term, u64 index, membership, block extra, u32
 * CRC-32 of all before.
 * Segments below `firstSegment` no longer count; they are removed after this file says so.
 */
export interface BaseFile {
  readonly base: LogBase;
  readonly firstSegment: number;
}

const MAGIC = Uint8Array.from([0x50, 0x43, 0x4c, 0x4e, 0x42, 0x41, 0x53, 0x31]);
const VERSION = 1;

export function encodeBase(file: BaseFile): Uint8Array {
  const { id, membership, extra } = file.base;
  const out = new ByteWriter();
  out.raw(MAGIC).u32(VERSION).u53(file.firstSegment).u53(id.term).u53(id.index);
  out.raw(encodeMembership(membership)).block(extra);
  return out.u32(crc32(out.finish())).finish();
}

/** Throws LOG_DAMAGED naming `path`. */
export function decodeBase(bytes: Uint8Array, path: string): BaseFile {
  const checked = bytes.length - 4;
  if (checked < MAGIC.length) throw damaged(path, bytes.length, 'the file is cut off');
  const stored = new DataView(bytes.buffer, bytes.byteOffset).getUint32(checked);
  if (crc32(bytes.subarray(0, checked)) !== stored) throw damaged(path, 0, 'its checksum is wrong');
  const from = new ByteReader(bytes.subarray(0, checked), path);
  if (from.raw(MAGIC.length).some((byte, at) => byte !== MAGIC[at])) {
    throw damaged(path, 0, 'it does not begin like a base file');
  }
  const version = from.u32();
  if (version !== VERSION) throw damaged(path, 8, `format version ${version} is not known here`);
  const firstSegment = from.u53();
  if (firstSegment === 0) throw damaged(path, 12, 'its first segment has the number 0');
  const id = { term: from.u53(), index: from.u53() };
  const membership = decodeMembership(from);
  const extra = from.block().slice();
  from.end();
  return { base: { id, membership, extra }, firstSegment };
}
