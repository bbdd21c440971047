import { assert } from '../base/assert.ts';
import { closeFile } from './file-io.ts';
import type { FlushEncoder, SegmentStart } from './flush-encoder.ts';
import { appendDurably, type BlankSegment, createSegment, openForAppend } from './segment-file.ts';
import { SEGMENT_HEADER_BYTES } from './segment-header.ts';

/** The segment that is written to. */
export interface ActiveSegment extends BlankSegment {
  /** Behind the last valid record. */
  readonly end: number;
}

/** Where a flush went. */
export interface Written {
  /** Set when the flush opened a new segment. */
  readonly opened: BlankSegment | null;
  readonly offsets: readonly number[];
}

/** In place of a descriptor. */
const CLOSED = -1;

/**
 * A next segment is prepared when the active one is this full, so that changing over need not wait.
 */
const PREPARE_AT = 0.5;

/**
 * Appends flushes to the active segment, one at a time, and changes to the next segment when the
 * active one is full. Any error is final: the state of the file is then unknown (a failed sync may
 * have dropped the data from the page cache), so nothing is tried again.
 */
export class SegmentWriter {
  readonly #dir: string;
  readonly #segmentBytes: number;
  #active: ActiveSegment;
  #fd: number;
  #spare: BlankSegment | null;
  #preparing: Promise<void> = Promise.resolve();
  /** Highest segment that was, or was tried to be, prepared. */
  #attempted: number;
  #spareFailures = 0;

  constructor(
    dir: string,
    segmentBytes: number,
    active: ActiveSegment,
    fd: number,
    spare: BlankSegment | null,
  ) {
    this.#dir = dir;
    this.#segmentBytes = segmentBytes;
    this.#active = active;
    this.#fd = fd;
    this.#spare = spare;
    this.#attempted = spare?.sequence ?? active.sequence;
  }

  /** End of the records in the active segment. */
  get end(): number {
    return this.#active.end;
  }

  get sequence(): number {
    return this.#active.sequence;
  }

  /** Bytes of a segment prepared but not yet in use. */
  get spareBytes(): number {
    return this.#spare?.fileBytes ?? 0;
  }

  /** Segments that could not be prepared ahead: a warning that space runs out. */
  get spareFailures(): number {
    return this.#spareFailures;
  }

  /** True when `bytes` more would pass the size of a segment, and it holds something already. */
  isFull(bytes: number): boolean {
    const { end } = this.#active;
    return end > SEGMENT_HEADER_BYTES && end + bytes > this.#segmentBytes;
  }

  /** Makes the collected records durable: in one write. `start` opens a new segment for them. */
  async flush(records: FlushEncoder, start: SegmentStart | null): Promise<Written> {
    if (start !== null) {
      await this.#changeOver();
      records.start(start);
    }
    const { salt, end } = this.#active;
    const { bytes, offsets } = records.encode({ salt, fileOffset: end });
    await appendDurably(this.#fd, bytes, end);
    const reach = end + bytes.length;
    const fileBytes = Math.max(this.#active.fileBytes, reach);
    this.#active = { ...this.#active, end: reach, fileBytes };
    this.#prepareInTime();
    if (start === null) return { opened: null, offsets };
    return { opened: this.#active, offsets: offsets.slice(1) };
  }

  async close(): Promise<void> {
    await this.#preparing;
    await this.#closeActive();
  }

  /** Also used when the spare is missing: then this waits for a new one. */
  async #changeOver(): Promise<void> {
    await this.#preparing;
    const next =
      this.#spare ??
      (await createSegment(this.#dir, this.#active.sequence + 1, this.#segmentBytes));
    assert(next.sequence === this.#active.sequence + 1, 'the spare is not the next segment');
    this.#spare = null;
    await this.#closeActive();
    this.#fd = await openForAppend(this.#dir, next.sequence);
    this.#active = { ...next, end: SEGMENT_HEADER_BYTES };
  }

  /** Never closes a number twice: it may belong to another file by then. */
  async #closeActive(): Promise<void> {
    const fd = this.#fd;
    this.#fd = CLOSED;
    if (fd !== CLOSED) await closeFile(fd);
  }

  /** One attempt a segment. */
  #prepareInTime(): void {
    const next = this.#active.sequence + 1;
    if (this.#attempted >= next || this.#active.end < this.#segmentBytes * PREPARE_AT) return;
    this.#attempted = next;
    this.#preparing = this.#prepare(next);
  }

  /**
   * A failure here is counted and not final: the active segment has its space and goes on. When the
   * next one is needed, `#changeOver` tries again on a new file, and that error counts.
   */
  async #prepare(sequence: number): Promise<void> {
    try {
      this.#spare = await createSegment(this.#dir, sequence, this.#segmentBytes);
    } catch {
      this.#spareFailures++;
    }
  }
}
