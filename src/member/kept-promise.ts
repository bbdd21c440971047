import { asPacelineError, type PacelineError } from '../base/errors.ts';
import type { Clock, Timer } from './clock.ts';
import { type Identity, type Layout, writeIdentity } from './directory.ts';

export interface KeptPromiseParts {
  readonly layout: Layout;
  readonly identity: Identity;
  /** How long a promise it gives now. */
  readonly givesMs: number;
  readonly clock: Clock;
  readonly onFailure: (error: PacelineError) => void;
}

/**
 * For how long this member, as a voter, may have promised a leader to help nobody else to lead. It outlives a start, which may be with
 * other options: it is on disk before a longer one is given, and a shorter one takes its place there only when the longer one
 * must be over, however often the member was started meanwhile.
 */
export class KeptPromise {
  readonly #parts: KeptPromiseParts;
  #timer: Timer | null = null;
  #stopped = false;
  #writing: Promise<void> = Promise.resolve();

  constructor(parts: KeptPromiseParts) {
    this.#parts = parts;
  }

  /** What may have been promised before this start. */
  get beforeMs(): number {
    return this.#parts.identity.promisedMs ?? 0;
  }

  /** Before anything is promised. Throws DISK_FULL, IO. */
  async raise(): Promise<void> {
    if (this.#parts.givesMs > this.beforeMs) await this.#write();
  }

  /** From now on nothing longer is promised. */
  lower(): void {
    const { givesMs, clock, onFailure } = this.#parts;
    if (givesMs >= this.beforeMs || this.#stopped) return;
    this.#timer = clock.later(() => {
      // The next start waits longer than it has to, if this fails.
      this.#writing = this.#write().catch((error) => onFailure(asPacelineError(error)));
    }, this.beforeMs);
  }

  /** The directory is about to be let go. */
  stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    return this.#writing;
  }

  #write(): Promise<void> {
    const { layout, identity, givesMs } = this.#parts;
    const { promisedMs: _, ...rest } = identity;
    return writeIdentity(layout, givesMs === 0 ? rest : { ...rest, promisedMs: givesMs });
  }
}
