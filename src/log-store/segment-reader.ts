import { join } from 'node:path';
import type { Entry, Index } from '../raft/entry.ts';
import { crc32 } from './checksum.ts';
import type { DiskReader } from './disk.ts';
import { damaged } from './failure.ts';
import type { LogHome } from './home.ts';
import { segmentName } from './layout.ts';
import { fits } from './logical-log.ts';
import { RECORD_HEADER_BYTES, type RecordHeader, readHeader } from './record.ts';
import { decodeEntry } from './record-body.ts';
import type { DiskIndex, SegmentIndex } from './segment-index.ts';

/** Read at once; one call covers many small entries. */
const WINDOW_BYTES = 256 * 1024;

/**
 * Appends entries from..to to `out` until one more would pass `maxBytes` of data (one goes in
 * always).
 * Reads synchronously: followers that keep up are served from memory, this is for those that lag.
 * Every record's checksums are verified again; throws LOG_DAMAGED if the disk has gone bad since
 * the open.
 */
export function readEntries(
  home: LogHome,
  disk: DiskIndex,
  range: { readonly from: Index; readonly to: Index; readonly maxBytes: number },
  out: Entry[],
): void {
  let bytes = 0;
  for (let index = range.from; index <= range.to; ) {
    const segment = disk.find(index);
    const reader = new SegmentReader(home, segment);
    try {
      for (const last = Math.min(range.to, segment.last); index <= last; index++) {
        const entry = reader.read(index);
        if (!fits(entry, out.length, bytes, range.maxBytes)) return;
        out.push(entry);
        bytes += entry.data.length;
      }
    } finally {
      reader.close();
    }
  }
}

/** A segment open for the time of one call, with the bytes last read from it. */
class SegmentReader {
  readonly #path: string;
  readonly #file: DiskReader;
  readonly #segment: SegmentIndex;
  #window = new Uint8Array(0);
  #windowAt = 0;

  constructor(home: LogHome, segment: SegmentIndex) {
    this.#path = join(home.dir, segmentName(segment.sequence));
    this.#file = home.disk.openReader(this.#path);
    this.#segment = segment;
  }

  close(): void {
    this.#file.close();
  }

  read(index: Index): Entry {
    const at = this.#segment.offset(index);
    const header = this.#header(at);
    const bodyAt = at + RECORD_HEADER_BYTES;
    const body = header === null ? null : this.#bytes(bodyAt, header.bodyBytes);
    if (header === null || body === null || crc32(body) !== header.bodyCrc) {
      throw damaged(this.#path, at, `entry ${index} is no longer readable`);
    }
    if (header.type !== 'entry' || header.index !== index) {
      throw damaged(
        this.#path,
        at,
        `a ${header.type} of ${header.index} in place of entry ${index}`,
      );
    }
    return decodeEntry(header, body);
  }

  #header(at: number): RecordHeader | null {
    const bytes = this.#bytes(at, RECORD_HEADER_BYTES);
    if (bytes === null) return null;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    return readHeader(view, bytes, 0, { salt: this.#segment.salt, fileOffset: at });
  }

  /** `length` bytes at `at`: a view of the window; null past the end of the file. */
  #bytes(at: number, length: number): Uint8Array | null {
    const inside = at >= this.#windowAt && at + length <= this.#windowAt + this.#window.length;
    if (!inside && !this.#load(at, length)) return null;
    return this.#window.subarray(at - this.#windowAt, at - this.#windowAt + length);
  }

  /** A fresh buffer each time: entries handed out are views of the one before. */
  #load(at: number, length: number): boolean {
    if (at + length > this.#segment.fileBytes) return false;
    const left = this.#segment.fileBytes - at;
    const window = new Uint8Array(Math.max(length, Math.min(left, WINDOW_BYTES)));
    let got = 0;
    for (;;) {
      const read = this.#file.read(window.subarray(got), at + got);
      got += read;
      if (read === 0 || got === window.length) break;
    }
    this.#window = window.subarray(0, got);
    this.#windowAt = at;
    return length <= got;
  }
}
