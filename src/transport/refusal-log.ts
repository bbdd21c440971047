import type { MemberId } from '../raft/entry.ts';

/** Reports remembered; beyond it the oldest is forgotten, and may be reported again early. */
const REMEMBERED_MAX = 64;

type Report = (peer: MemberId | null, error: Error) => void;

/** Passes refusals on, but the same one only now and then: a refused member keeps on dialling. */
export class RefusalLog {
  readonly #repeatMs: number;
  readonly #report: Report;
  /** Peer and message → when it was last reported, oldest first. */
  readonly #reported = new Map<string, { peer: MemberId | null; atMs: number }>();

  constructor(repeatMs: number, report: Report) {
    this.#repeatMs = repeatMs;
    this.#report = report;
  }

  /** `nowMs`: a monotonic clock. */
  add(peer: MemberId | null, error: Error, nowMs: number): void {
    const key = `${peer ?? ''} ${error.message}`;
    const last = this.#reported.get(key);
    if (last !== undefined && nowMs - last.atMs < this.#repeatMs) return;
    this.#reported.delete(key);
    this.#reported.set(key, { peer, atMs: nowMs });
    if (this.#reported.size > REMEMBERED_MAX) {
      const [oldest] = this.#reported.keys();
      this.#reported.delete(oldest!);
    }
    this.#report(peer, error);
  }

  /** The peer is accepted now: should it be refused again, that is news. */
  forget(peer: MemberId): void {
    for (const [key, entry] of this.#reported) if (entry.peer === peer) this.#reported.delete(key);
  }
}
