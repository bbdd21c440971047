import type { Durability } from '../../src/api/durability.ts';
import { machineMs } from './ipc.ts';

interface Default {
  readonly id: string;
  readonly durability: Durability;
  readonly sinceMs: number;
}

/** What each member has asked for, from when on, for writes that ask for nothing: its option `durability`. */
export class Defaults {
  readonly #ids: readonly string[];
  readonly #now: () => number;
  readonly #all: Default[] = [];

  constructor(ids: readonly string[], durability: Durability, now = machineMs) {
    this.#ids = ids;
    this.#now = now;
    for (const id of ids) this.set(id, durability);
  }

  /** While the member is stopped: from its next start on. */
  set(id: string, durability: Durability): void {
    this.#all.push({ id, durability, sinceMs: this.#now() });
  }

  of(id: string): Durability {
    return this.#all.findLast((one) => one.id === id)!.durability;
  }

  /** What a write may have asked for that was called at `ms` or later, through this member; null: through any. */
  since(ms: number, through: string | null): Durability[] {
    const ids = through === null ? this.#ids : [through];
    return ids.flatMap((id) => {
      const own = this.#all.filter((one) => one.id === id);
      const first = Math.max(
        0,
        own.findLastIndex(({ sinceMs }) => sinceMs < ms),
      );
      return own.slice(first).map(({ durability }) => durability);
    });
  }

  /** Whether some member waits so for others than any majority. */
  get areWide(): boolean {
    return this.#ids.some((id) => waitsForMore(this.of(id)));
  }
}

/** Whether it may wait for a member that is down, with a majority there. */
export function waitsForMore(durability: Durability): boolean {
  return durability !== 'quorum' && durability !== 'local';
}
