import { join } from 'node:path';
import type { EntryId, HardState, Index } from '../raft/entry.ts';
import { writeFileAtomically } from './atomic-file.ts';
import { encodeBase } from './base-file.ts';
import { FlushEncoder, type SegmentStart } from './flush-encoder.ts';
import type { LogHome } from './home.ts';
import { BASE_NAME, segmentName } from './layout.ts';
import type { LogBase, LogWrite } from './log-store.ts';
import { type DiskIndex, SegmentIndex } from './segment-index.ts';
import type { SegmentWriter } from './segment-writer.ts';
import type { TermRuns } from './term-runs.ts';

/** The state that a DiskLog continues. */
export interface DiskState {
  readonly home: LogHome;
  readonly index: DiskIndex;
  readonly terms: TermRuns;
  readonly writer: SegmentWriter;
  readonly base: LogBase;
  readonly hardState: HardState;
}

export interface DiskStatistics {
  readonly flushes: number;
  readonly bytesWritten: number;
}

/**
 * The log as it is on disk, one durable step at a time. `append`, `reset` and `seal` are never
 * called
 * while another of them is under way; `compact` may run beside `append`, not beside `reset`.
 */
export class DiskLog {
  readonly #home: LogHome;
  readonly #index: DiskIndex;
  readonly #terms: TermRuns;
  readonly #writer: SegmentWriter;
  readonly #records = new FlushEncoder();
  #base: LogBase;
  #hardState: HardState;
  /** False at first: the last run may have ended without a seal. */
  #sealed = false;
  #flushes = 0;
  #bytesWritten = 0;

  constructor(state: DiskState) {
    this.#home = state.home;
    this.#index = state.index;
    this.#terms = state.terms;
    this.#writer = state.writer;
    this.#base = state.base;
    this.#hardState = state.hardState;
  }

  get index(): DiskIndex {
    return this.#index;
  }

  get statistics(): DiskStatistics {
    return { flushes: this.#flushes, bytesWritten: this.#bytesWritten };
  }

  /** Nothing was written since the last seal. */
  get isSealed(): boolean {
    return this.#sealed;
  }

  get fileBytes(): number {
    return this.#index.fileBytes + this.#writer.spareBytes;
  }

  get spareFailures(): number {
    return this.#writer.spareFailures;
  }

  async append(writes: readonly LogWrite[]): Promise<void> {
    for (const change of writes) this.#records.write(change);
    if (this.#records.bytes === 0) return;
    const start = this.#writer.isFull(this.#records.bytes) ? this.#continuation() : null;
    const offsets = (await this.#flush(start)).values();
    for (const change of writes) this.#register(change, offsets);
    this.#sealed = false;
  }

  /**
   * Proves on disk that the flush before has completed; see `scan.ts`. Never opens a segment for
   * it.
   */
  async seal(): Promise<void> {
    if (this.#sealed) return;
    this.#records.seal(this.#lastId());
    await this.#flush(null);
    this.#sealed = true;
  }

  /**
   * Forgets the log up to `base`. The order makes it safe to crash anywhere: the base file says
   * first
   * which segments still count, and only then the others are removed (or at the next open).
   */
  async compact(base: LogBase): Promise<void> {
    const firstSegment = this.#index.firstNeeded(base.id.index);
    await this.#writeBase(base, firstSegment);
    this.#terms.dropTo(base.id.index);
    await this.#remove(this.#index.dropBefore(firstSegment));
  }

  /**
   * An empty log after `base`. A fresh segment that carries the hard state is made durable first;
   * it
   * does not count until the base file names it, and from then on nothing before it does.
   */
  async reset(base: LogBase): Promise<void> {
    const start = { fresh: true, previous: base.id, previousEnd: 0, hardState: this.#hardState };
    const written = await this.#writer.flush(this.#records, start);
    const opened = written.opened ?? this.#index.active;
    await this.#writeBase(base, opened.sequence);
    const segment = new SegmentIndex(opened.sequence, opened.salt, opened.fileBytes);
    this.#terms.clear();
    this.#sealed = false;
    await this.#remove(this.#index.restart(segment, base.id.index));
  }

  close(): Promise<void> {
    return this.#writer.close();
  }

  /**
   * After a failure: gives the descriptor back. What the system says to that changes nothing any
   * more.
   */
  async abandon(): Promise<void> {
    await this.#writer.close().catch(() => undefined);
  }

  async #flush(start: SegmentStart | null): Promise<readonly number[]> {
    const bytes = this.#records.bytes;
    const { opened, offsets } = await this.#writer.flush(this.#records, start);
    if (opened !== null) {
      this.#index.add(new SegmentIndex(opened.sequence, opened.salt, opened.fileBytes));
    }
    const active = this.#index.active;
    active.fileBytes = Math.max(active.fileBytes, this.#writer.end);
    this.#flushes++;
    this.#bytesWritten += bytes;
    return offsets;
  }

  /** In the order in which FlushEncoder.write laid the records out. */
  #register(change: LogWrite, offsets: Iterator<number>): void {
    const { hardState, truncateFrom, entries } = change;
    if (hardState !== null) {
      offsets.next();
      this.#hardState = hardState;
    }
    if (truncateFrom !== null) {
      offsets.next();
      this.#index.truncateFrom(truncateFrom);
      this.#terms.truncateFrom(truncateFrom);
    }
    for (const { index, term } of entries) {
      this.#index.append(index, offsets.next().value);
      this.#terms.append(index, term);
    }
  }

  #continuation(): SegmentStart {
    return {
      fresh: false,
      previous: this.#lastId(),
      previousEnd: this.#writer.end,
      hardState: this.#hardState,
    };
  }

  #lastId(): EntryId {
    const index: Index = this.#index.lastIndex;
    if (index === this.#base.id.index) return this.#base.id;
    return { index, term: this.#terms.at(index) };
  }

  async #writeBase(base: LogBase, firstSegment: number): Promise<void> {
    const { dir, disk } = this.#home;
    await writeFileAtomically(join(dir, BASE_NAME), encodeBase({ base, firstSegment }), disk);
    this.#base = base;
  }

  async #remove(segments: readonly SegmentIndex[]): Promise<void> {
    const { dir, disk } = this.#home;
    for (const { sequence } of segments) await disk.remove(join(dir, segmentName(sequence)));
  }
}
