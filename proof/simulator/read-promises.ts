import type { ReadOptions } from '../../src/api/read-options.ts';
import { decodeToken } from '../../src/api/token.ts';
import type { EntryId, Index } from '../../src/raft/entry.ts';
import type { Checker } from './checker.ts';
import type { MemberProcess } from './member.ts';
import { require } from './violation.ts';

/** The state that a read is made of must be at this index or later, or else this guarantee is broken. */
interface Due {
  readonly invariant: string;
  readonly index: Index;
}

/** What a read was promised when it was asked. */
export interface Promised {
  readonly due: readonly Due[];
  /** Writes that this handle was told of: each is seen, unless a failover has discarded it. */
  readonly wrote: readonly EntryId[];
}

/** What one handle was told. */
interface Told {
  wrote: EntryId[];
  read: Index;
}

/** Times of the simulation are sums of fractions. */
const ROUNDING_MS = 1e-6;

/**
 * What each level of a read promises (docs/reads.md), by what the checker knows of the whole cluster at the call, and by
 * what the handle was told before; nothing that the product says about itself counts.
 */
export class ReadPromises {
  readonly #checker: Checker;
  readonly #now: () => number;
  readonly #told = new WeakMap<MemberProcess, Told>();
  /** Positions that somebody was told are lost. */
  readonly #lost: EntryId[] = [];

  constructor(checker: Checker, now: () => number) {
    this.#checker = checker;
    this.#now = now;
  }

  /** Call when the read is asked. */
  asked(member: MemberProcess, options: ReadOptions): Promised {
    const { level, after } = options;
    const due: Due[] = [];
    if (after !== undefined)
      due.push({ invariant: 'session token', index: decodeToken(after).index });
    if (level === 'strong') due.push({ invariant: 'linearizable', index: this.#checker.commit });
    if (level === 'bounded') due.push(...this.#bounds(member, options));
    const { wrote, read } = this.#of(member);
    if (level !== 'session') return { due, wrote: [] };
    return { due: [...due, { invariant: 'monotonic reads', index: read }], wrote: [...wrote] };
  }

  /** A clock that is slow by a quarter takes less for so many milliseconds than they are. */
  #bounds({ clockRate, options }: MemberProcess, { maxLagMs, maxLagEntries }: ReadOptions): Due[] {
    const committed = (ms: number) =>
      this.#checker.committedBefore(this.#now() - ms / clockRate - ROUNDING_MS);
    const due: Due[] = [];
    if (maxLagMs !== undefined) due.push({ invariant: 'bounded', index: committed(maxLagMs) });
    if (maxLagEntries === undefined) return due;
    const index = committed(options.electionTimeoutMs) - maxLagEntries;
    return [...due, { invariant: 'bounded', index }];
  }

  /** The read was answered from the state at `at`; null if another member did that. */
  answered(member: MemberProcess, { due, wrote }: Promised, at: EntryId | null): void {
    if (at === null) return;
    const checker = this.#checker;
    checker.read(member.id, at);
    for (const { invariant, index } of due)
      require(at.index >= index, invariant, () => {
        return `${member.id} answered a read from ${checker.describe(at)}, and it had to see ${index}`;
      });
    for (const position of wrote) {
      const seen = at.index >= position.index || checker.isLost(position);
      require(seen, 'read your writes', () => {
        return `${member.id} answered a read from ${checker.describe(at)} to the author of ${checker.describe(position)}`;
      });
    }
    const told = this.#of(member);
    told.read = Math.max(told.read, at.index);
  }

  /** The handle was told that a write of its own is there. */
  wrote(member: MemberProcess, position: EntryId): void {
    const told = this.#of(member);
    // What is committed is not told lost any more, so that only the last of it counts.
    const open = told.wrote.filter((one) => !this.#checker.isCommitted(one));
    const last = told.wrote.filter((one) => this.#checker.isCommitted(one)).at(-1);
    told.wrote = [...(last === undefined ? [] : [last]), ...open, position];
  }

  /** A read was refused since `position` is lost: it must not be there, nor come. */
  toldLost(position: EntryId): void {
    this.#lost.push(position);
    this.checkLost();
  }

  checkLost(): void {
    for (const position of this.#lost)
      require(position.index === 0 || !this.#checker.isCommitted(position), 'I10 lost', () => {
        return `${this.#checker.describe(position)} was told to be lost`;
      });
  }

  #of(member: MemberProcess): Told {
    const known = this.#told.get(member);
    if (known !== undefined) return known;
    const told: Told = { wrote: [], read: 0 };
    this.#told.set(member, told);
    return told;
  }
}
