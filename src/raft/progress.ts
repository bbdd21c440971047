import { assert } from '../base/assert.ts';
import type { Index } from './entry.ts';

/**
 * - `probe`: where the logs agree is not known; one append at a time is out.
 * - `replicate`: they agree up to next - 1 as far as we know; appends are pipelined.
 * - `snapshot`: the follower needs entries that our log no longer has.
 */
export type ProgressState = 'probe' | 'replicate' | 'snapshot';

interface InFlight {
  readonly last: Index;
  readonly bytes: number;
}

/** Limits of what is sent to one follower unanswered; see RaftConfig. */
export interface Window {
  readonly inflightMessagesMax: number;
  readonly inflightBytesMax: number;
  readonly heartbeatTicks: number;
  readonly snapshotRetryTicks: number;
}

/** A leader's view of one follower. Invariant: match < next. */
export class Progress {
  readonly #window: Window;
  #state: ProgressState = 'probe';
  /** The follower's disk has our log up to here. */
  #match: Index = 0;
  /** The next entry to send. */
  #next: Index;
  #inflight: InFlight[] = [];
  #inflightBytes = 0;
  /**
   * Ticks since `match` moved, or the oldest unanswered append left; null while nothing is
   * unanswered.
   */
  #unansweredTicks: number | null = null;
  /**
   * In `probe`: an append is out, or waiting would be better; no other until something is heard.
   */
  paused = false;
  /** An append is wanted even without entries: the last one may have been lost. */
  nudge = false;
  /** The highest commit index told to this follower and not beyond the entries sent along. */
  commitSent: Index = 0;
  /** The last read-index round that it answered. */
  round = 0;
  /** The shortest promise that it gave in an answer; it confirms no round without one. */
  promiseTicks = Number.POSITIVE_INFINITY;
  /** Ticks since anything was heard from it. */
  silentTicks = 0;
  /** In `snapshot`: ticks since the last request; null when one is due. */
  snapshotTicks: number | null = null;

  constructor(next: Index, window: Window) {
    assert(next >= 1, 'logs start at 1');
    this.#next = next;
    this.#window = window;
  }

  get state(): ProgressState {
    return this.#state;
  }

  get match(): Index {
    return this.#match;
  }

  get next(): Index {
    return this.#next;
  }

  get inflight(): number {
    return this.#inflight.length;
  }

  /** Entries that were sent and are not acknowledged; in `probe`, the one append that is out is not counted. */
  get inflightEntries(): number {
    return this.#inflight.length === 0 ? 0 : this.#next - 1 - this.#match;
  }

  /** Bytes of the appends that `inflightEntries` left in. */
  get inflightBytes(): number {
    return this.#inflightBytes;
  }

  /** No more entries until an answer comes. */
  get full(): boolean {
    return (
      this.#inflight.length >= this.#window.inflightMessagesMax ||
      this.#inflightBytes >= this.#window.inflightBytesMax
    );
  }

  /**
   * An append left that ends with entry `last`; `commit` is what the follower will know after it.
   */
  sent(last: Index, bytes: number, commit: Index): void {
    assert(this.#state !== 'snapshot' && last >= this.#next - 1, 'an append out of order');
    this.nudge = false;
    this.commitSent = Math.max(this.commitSent, commit);
    if (this.#state === 'probe' || this.#unansweredTicks === null) this.#unansweredTicks = 0;
    if (this.#state === 'probe') this.paused = true;
    else if (last >= this.#next) {
      this.#inflight.push({ last, bytes });
      this.#inflightBytes += bytes;
      this.#next = last + 1;
    }
  }

  /**
   * The follower has our log up to `match`. A snapshot is over once that reaches our log's `base`.
   */
  acknowledge(match: Index, base: Index): void {
    if (match > this.#match) this.#unansweredTicks = 0;
    this.#match = Math.max(this.#match, match);
    if (this.#state === 'replicate') this.#free();
    else if (this.#state === 'probe' || this.#match >= base) this.#toReplicate();
    this.#next = Math.max(this.#next, this.#match + 1);
    if (this.#match === this.#next - 1) this.#unansweredTicks = null;
    assert(this.#match < this.#next, 'match < next');
  }

  /**
   * The follower has no entry like ours at `rejected`; our logs may agree up to `agreed`. Stale
   * news is ignored.
   */
  reject(rejected: Index, agreed: Index): void {
    if (rejected < this.#match || rejected === 0) return;
    if (this.#state === 'replicate' && rejected > this.#match) this.probe();
    else if (this.#state === 'probe' && rejected === this.#next - 1) {
      if (rejected === this.#match) this.#forget();
      this.#next = Math.max(Math.min(rejected, agreed + 1), this.#match + 1);
      this.paused = false;
    }
  }

  /**
   * The follower refuses the very entry that it had acknowledged: the end of its log went bad while
   * it was down (`log-store/scan.ts`). As of a new leader, nothing is known of it. Should the
   * refusal be a late one after all, we only know less than we could.
   */
  #forget(): void {
    this.#match = 0;
    this.commitSent = 0;
  }

  /** Starts over from what is certain: what is in flight may be lost. */
  probe(): void {
    this.#clearWindow();
    this.#state = 'probe';
    this.#next = this.#match + 1;
    this.commitSent = Math.min(this.commitSent, this.#match);
  }

  snapshot(): void {
    this.#clearWindow();
    this.#state = 'snapshot';
    this.snapshotTicks = null;
  }

  tick(): void {
    this.silentTicks += 1;
    if (this.#unansweredTicks !== null) this.#unansweredTicks += 1;
    if (this.#state !== 'snapshot' || this.snapshotTicks === null) return;
    this.snapshotTicks += 1;
    // The request or its outcome may be lost.
    if (this.snapshotTicks >= this.#window.snapshotRetryTicks) this.snapshotTicks = null;
  }

  /**
   * It lives. If an append is still unanswered after a heartbeat's time, it may be lost: ask once
   * more.
   */
  heartbeatAnswered(): void {
    const { heartbeatTicks } = this.#window;
    if (this.#unansweredTicks !== null && this.#unansweredTicks < heartbeatTicks) return;
    this.paused = false;
    if (this.#unansweredTicks === null) return;
    this.#unansweredTicks = 0;
    this.nudge = this.#state === 'replicate';
  }

  #toReplicate(): void {
    this.#clearWindow();
    this.#state = 'replicate';
    this.#next = this.#match + 1;
  }

  #free(): void {
    let freed = 0;
    while (freed < this.#inflight.length && this.#inflight[freed]!.last <= this.#match) {
      this.#inflightBytes -= this.#inflight[freed]!.bytes;
      freed += 1;
    }
    this.#inflight.splice(0, freed);
    assert(this.#inflightBytes >= 0, 'in-flight bytes below zero');
  }

  #clearWindow(): void {
    this.#inflight = [];
    this.#inflightBytes = 0;
    this.#unansweredTicks = null;
    this.nudge = false;
    this.paused = false;
  }
}
