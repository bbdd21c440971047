import { assert } from '../base/assert.ts';
import type { DiskFile } from './disk.ts';
import type { FlushEncoder, SegmentStart } from './flush-encoder.ts';
import type { LogHome } from './home.ts';
import { type BlankSegment, createSegment, openForAppend } from './segment-file.ts';
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
  readonly #home: LogHome;
  readonly #segmentBytes: number;
  #active: ActiveSegment;
  /** Null when closed. */
  #file: DiskFile | null;
  #spare: BlankSegment | null;
  #preparing: Promise<void> = Promise.resolve();
  /** Highest segment that was, or was tried to be, prepared. */
  #attempted: number;
  #spareFailures = 0;

  constructor(
    home: LogHome,
    segmentBytes: number,
    active: ActiveSegment,
    file: DiskFile,
    spare: BlankSegment | null,
  ) {
    this.#home = home;
    this.#segmentBytes = segmentBytes;
    this.#active = active;
    this.#file = file;
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
    assert(this.#file !== null, 'a flush after the close');
    await this.#file.write(bytes, end);
    const reach = end + bytes.length;
    const fileBytes = Math.max(this.#active.fileBytes, reach);
    const { sequence } = this.#active;
    this.#active = { sequence, salt, fileBytes, end: reach };
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
      (await createSegment(this.#home, this.#active.sequence + 1, this.#segmentBytes));
    assert(next.sequence === this.#active.sequence + 1, 'the spare is not the next segment');
    this.#spare = null;
    await this.#closeActive();
    this.#file = await openForAppend(this.#home, next.sequence);
    this.#active = { ...next, end: SEGMENT_HEADER_BYTES };
  }

  async #closeActive(): Promise<void> {
    const file = this.#file;
    this.#file = null;
    await file?.close();
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
      this.#spare = await createSegment(this.#home, sequence, this.#segmentBytes);
    } catch {
      this.#spareFailures++;
    }
  }
}
