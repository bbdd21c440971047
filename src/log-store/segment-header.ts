import { ByteReader, ByteWriter } from '../base/bytes.ts';
import { crc32 } from './checksum.ts';
import { damaged } from './failure.ts';

/**
 * The first 32 bytes of a segment, written and synced before the file gets its name:
 *
 *   0  8 bytes  'PCLNLOG1'
 *   8  u32      format version
 *  12  u64      number of the segment, as in its name
 *  20  u32      salt of its records
 *  24  u32      zero
 *  28  u32      CRC-32 of bytes 0..27
 *
 * First index and term of the entry before are not known when a segment is prepared ahead of use;
 * they stand in its `start` record.
 */
export const SEGMENT_HEADER_BYTES = 32;
const MAGIC = Uint8Array.from([0x50, 0x43, 0x4c, 0x4e, 0x4c, 0x4f, 0x47, 0x31]);
const VERSION = 1;

export interface SegmentHeader {
  readonly sequence: number;
  readonly salt: number;
}

export function encodeSegmentHeader(header: SegmentHeader): Uint8Array {
  const out = new ByteWriter(SEGMENT_HEADER_BYTES);
  out.raw(MAGIC).u32(VERSION).u53(header.sequence).u32(header.salt).u32(0);
  return out.u32(crc32(out.finish())).finish();
}

/** Throws LOG_DAMAGED naming `file`. */
export function decodeSegmentHeader(bytes: Uint8Array, file: string): SegmentHeader {
  if (bytes.length < SEGMENT_HEADER_BYTES)
    throw damaged(file, bytes.length, 'its header is cut off');
  const from = new ByteReader(bytes.subarray(0, SEGMENT_HEADER_BYTES), file);
  const magic = from.raw(MAGIC.length);
  if (magic.some((byte, at) => byte !== MAGIC[at])) {
    throw damaged(file, 0, 'it does not begin like a log segment');
  }
  const version = from.u32();
  const checksum = crc32(bytes.subarray(0, SEGMENT_HEADER_BYTES - 4));
  const stored = new DataView(bytes.buffer, bytes.byteOffset).getUint32(SEGMENT_HEADER_BYTES - 4);
  if (checksum !== stored) throw damaged(file, 8, 'the checksum of its header is wrong');
  if (version !== VERSION) throw damaged(file, 8, `format version ${version} is not known here`);
  return { sequence: from.u53(), salt: from.u32() };
}
