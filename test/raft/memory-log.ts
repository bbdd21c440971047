import {
  type Entry,
  type EntryId,
  type HardState,
  INITIAL_HARD_STATE,
  type Index,
  type Membership,
  ORIGIN,
  type Term,
} from '../../src/raft/entry.ts';
import type { LogView } from '../../src/raft/log-view.ts';

interface Contents {
  readonly base: EntryId;
  readonly baseMembership: Membership;
  readonly entries: readonly Entry[];
  readonly hardState: HardState;
}

export interface MemoryWrite {
  readonly truncateFrom: Index | null;
  readonly entries: readonly Entry[];
  readonly hardState: HardState | null;
}

/**
 * The store contract for tests: a write is visible at once, and on disk when `flush` has been
 * called for it.
 */
export class MemoryLog implements LogView {
  #visible: Contents;
  #disk: Contents;
  #pending: ((contents: Contents) => Contents)[] = [];

  constructor(membership: Membership) {
    this.#visible = {
      base: ORIGIN,
      baseMembership: membership,
      entries: [],
      hardState: INITIAL_HARD_STATE,
    };
    this.#disk = this.#visible;
  }

  get base(): EntryId {
    return this.#visible.base;
  }

  get baseMembership(): Membership {
    return this.#visible.baseMembership;
  }

  get hardState(): HardState {
    return this.#visible.hardState;
  }

  get lastIndex(): Index {
    return this.base.index + this.#visible.entries.length;
  }

  get pendingWrites(): number {
    return this.#pending.length;
  }

  term(index: Index): Term | undefined {
    return termIn(this.#visible, index);
  }

  durableTerm(index: Index): Term | undefined {
    return termIn(this.#disk, index);
  }

  entries(from: Index, to: Index, maxBytes: number): Entry[] {
    if (from <= this.base.index || to > this.lastIndex || from > to) {
      throw new Error(`entries ${from}..${to} of ${this.base.index}..${this.lastIndex}`);
    }
    const found: Entry[] = [];
    let bytes = 0;
    for (const entry of this.#visible.entries.slice(
      from - this.base.index - 1,
      to - this.base.index,
    )) {
      bytes += entry.data.length;
      if (found.length > 0 && bytes > maxBytes) break;
      found.push(entry);
    }
    return found;
  }

  write(change: MemoryWrite): void {
    this.#apply((contents) => written(contents, change));
  }

  reset(base: EntryId, baseMembership: Membership): void {
    this.#apply((contents) => ({ ...contents, base, baseMembership, entries: [] }));
  }

  /** Not a promise to anyone, so it does not wait in the queue of writes. */
  compact(to: Index, membership: Membership): void {
    const term = this.term(to);
    if (term === undefined) throw new Error(`cannot compact to ${to}`);
    const cut = (contents: Contents): Contents => ({
      ...contents,
      base: { term, index: to },
      baseMembership: membership,
      entries: contents.entries.filter((entry) => entry.index > to),
    });
    this.#visible = cut(this.#visible);
    this.#pending.push(cut);
  }

  /** The oldest write that waits is on disk now. */
  flush(): void {
    const write = this.#pending.shift();
    if (write === undefined) throw new Error('nothing to flush');
    this.#disk = write(this.#disk);
  }

  /** What was not flushed is gone. */
  crash(): void {
    this.#pending = [];
    this.#visible = this.#disk;
  }

  #apply(write: (contents: Contents) => Contents): void {
    this.#visible = write(this.#visible);
    this.#pending.push(write);
  }
}

function termIn({ base, entries }: Contents, index: Index): Term | undefined {
  return index === base.index ? base.term : entries[index - base.index - 1]?.term;
}

function written(contents: Contents, change: MemoryWrite): Contents {
  const from = change.truncateFrom;
  const kept = from === null ? contents.entries : contents.entries.filter((e) => e.index < from);
  return {
    ...contents,
    entries: [...kept, ...change.entries],
    hardState: change.hardState ?? contents.hardState,
  };
}
