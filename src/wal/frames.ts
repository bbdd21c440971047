import { assert } from '../base/assert.ts';
import { wordsOf } from '../base/words.ts';
import { addFrameWords, type WalChecksum } from './checksum.ts';
import { decodeWalHeader, encodeWalHeader, FRAME_HEADER_BYTES, frameBytes } from './format.ts';

/** A page and its content. */
export interface PageImage {
  readonly pgno: number;
  readonly image: Uint8Array;
}

/**
 * Where a WAL ends: what is needed to append to it. Advanced by encodeFrames, so after a write that
 * failed it is ahead of the file: throw it away and take up the WAL again from its wal-index.
 */
export interface WalTail extends WalChecksum {
  readonly pageSize: number;
  readonly salt1: number;
  readonly salt2: number;
  readonly bigEndianChecksum: boolean;
  /** The last frame; 0 in a WAL that holds none. */
  frame: number;
}

/** The header of a new, empty WAL, to be written at its start, and its tail. */
export function startWal(
  pageSize: number,
  salt1: number,
  salt2: number,
  checkpointSequence: number,
): { readonly header: Uint8Array; readonly tail: WalTail } {
  const header = encodeWalHeader({ pageSize, salt1, salt2, checkpointSequence });
  const { s0, s1 } = decodeWalHeader(header);
  return { header, tail: { pageSize, salt1, salt2, bigEndianChecksum: false, frame: 0, s0, s1 } };
}

/**
 * The frames of one commit, ready to be written at frameOffset(pageSize, tail.frame + 1); the last
 * one is the commit frame. Each image is copied once; the checksum is taken from the copy, which is
 * aligned.
 * @param databasePages size of the database after the commit, in pages
 * @param room gives memory for so many bytes, aligned to words
 */
export function encodeFrames(
  tail: WalTail,
  pages: readonly PageImage[],
  databasePages: number,
  room: (bytes: number) => Uint8Array = (length) => new Uint8Array(length),
): Uint8Array {
  assert(pages.length > 0, 'a commit has at least one page');
  assert(databasePages > 0, 'a commit frame names the size of the database');
  const size = frameBytes(tail.pageSize);
  const bytes = room(pages.length * size);
  const words = wordsOf(bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  for (let i = 0, at = 0; i < pages.length; i++, at += size) {
    const { pgno, image } = pages[i]!;
    assert(image.length === tail.pageSize, `page ${pgno} has ${image.length} bytes`);
    assert(pgno >= 1 && pgno <= databasePages, `page ${pgno} lies outside the database`);
    view.setUint32(at, pgno);
    view.setUint32(at + 4, i === pages.length - 1 ? databasePages : 0);
    view.setUint32(at + 8, tail.salt1);
    view.setUint32(at + 12, tail.salt2);
    bytes.set(image, at + FRAME_HEADER_BYTES);
    addFrameWords(tail, words, at >>> 2, size >>> 2, tail.bigEndianChecksum);
    view.setUint32(at + 16, tail.s0);
    view.setUint32(at + 20, tail.s1);
  }
  tail.frame += pages.length;
  return bytes;
}
