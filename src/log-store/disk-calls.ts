import { systemCode } from '../base/errors.ts';
import type { Prng } from '../base/prng.ts';
import type { Later } from './options.ts';

export type DiskCallKind =
  | 'make-directory'
  | 'list'
  | 'read'
  | 'open'
  | 'create'
  | 'write'
  | 'sync'
  | 'close'
  | 'rename'
  | 'remove'
  | 'sync-directory';

/** A call that begins. */
export interface DiskCall {
  /** Counted from 1, on through restarts. */
  readonly number: number;
  readonly kind: DiskCallKind;
  readonly path: string;
}

/**
 * What becomes of a call: an error, or `stop`: the process ends with this call under way. After an
 * EIO of a write or sync, what the medium has of the data is unknown.
 */
export type DiskFault = 'EIO' | 'ENOSPC' | 'stop';

export interface DiskCallsOptions {
  /** Decides what is left after faults and crashes, and how long calls take. */
  readonly random: Prng;
  readonly later: Later;
  /** Asked at the beginning of each call. */
  readonly fault?: (call: DiskCall) => DiskFault | null;
}

/** A call and its consequences. */
export interface Effect<T> {
  readonly kind: DiskCallKind;
  readonly path: string;
  /** Takes effect, and gives the answer. Throws system errors. */
  readonly complete: () => T;
  /** What an EIO leaves behind. */
  readonly fail?: () => void;
  /** What is left when the process is stopped in the middle of it. */
  readonly interrupt?: () => void;
}

/** The calls of one process to its MemoryDisk: each takes its time, and may be made to fail. */
export class DiskCalls {
  latencyMs = { min: 0, max: 0 };
  readonly #options: DiskCallsOptions;
  readonly #underWay = new Set<Effect<unknown>>();
  #begun: number;
  #halted = false;
  #interrupted = false;

  constructor(options: DiskCallsOptions, begun: number) {
    this.#options = options;
    this.#begun = begun;
  }

  get begun(): number {
    return this.#begun;
  }

  get halted(): boolean {
    return this.#halted;
  }

  /** The next process has the disk. */
  get interrupted(): boolean {
    return this.#interrupted;
  }

  begin<T>(effect: Effect<T>): Promise<T> {
    if (this.#halted) return new Promise(() => {});
    const { kind, path } = effect;
    const { random, later, fault } = this.#options;
    const fails = fault?.({ number: ++this.#begun, kind, path }) ?? null;
    this.#underWay.add(effect);
    if (fails === 'stop') this.halt();
    const ms = random.between(this.latencyMs.min, this.latencyMs.max);
    return new Promise((resolve, reject) => {
      later(() => {
        if (this.#halted) return;
        this.#underWay.delete(effect);
        try {
          if (fails === 'EIO') effect.fail?.();
          if (fails === 'EIO' || fails === 'ENOSPC') throw systemError(fails, kind, path);
          resolve(effect.complete());
        } catch (error) {
          reject(error);
        }
      }, ms);
    });
  }

  /** No call completes any more, none takes effect. */
  halt(): void {
    this.#halted = true;
  }

  /** Leaves of the calls under way what a crash leaves. */
  interrupt(): void {
    this.halt();
    this.#interrupted = true;
    for (const effect of this.#underWay) {
      try {
        effect.interrupt?.();
      } catch (error) {
        // A call that would have failed leaves nothing.
        if (systemCode(error) === undefined) throw error;
      }
    }
    this.#underWay.clear();
  }
}

const MEANING = { EIO: 'i/o error', ENOSPC: 'no space left', ENOENT: 'no such file' } as const;

export function systemError(code: keyof typeof MEANING, kind: DiskCallKind, path: string): Error {
  return Object.assign(new Error(`${code}: ${MEANING[code]}, ${kind} '${path}'`), { code });
}
