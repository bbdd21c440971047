import type { ReadOptions } from '../../src/api/read-options.ts';
import { decodeToken } from '../../src/api/token.ts';
import type { EntryId, Index } from '../../src/raft/entry.ts';
import type { Checker } from './checker.ts';
import { LostPromises, type Needs } from './lost-promises.ts';
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
  readonly needs: Needs;
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
  readonly lost: LostPromises;

  constructor(checker: Checker, now: () => number) {
    this.#checker = checker;
    this.#now = now;
    this.lost = new LostPromises(checker, now);
  }

  /** Call when the read is asked. */
  asked(member: MemberProcess, options: ReadOptions): Promised {
    const { level, after } = options;
    const due: Due[] = [];
    const token = after === undefined ? null : decodeToken(after);
    if (token !== null) due.push({ invariant: 'session token', index: token.index });
    if (level === 'strong') due.push({ invariant: 'linearizable', index: this.#checker.commit });
    if (level === 'bounded') due.push(...this.#bounds(member, options));
    const { wrote, read } = this.#of(member);
    if (level !== 'session') return { due, needs: this.lost.needs(member, token, []) };
    due.push({ invariant: 'monotonic reads', index: read });
    return { due, needs: this.lost.needs(member, token, [...wrote]) };
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
  answered(member: MemberProcess, { due, needs }: Promised, at: EntryId | null): void {
    if (at === null) return;
    const checker = this.#checker;
    checker.read(member.id, at);
    for (const { invariant, index } of due)
      require(at.index >= index, invariant, () => {
        return `${member.id} answered a read from ${checker.describe(at)}, and it had to see ${index}`;
      });
    this.lost.answered(member, needs, at);
    for (const position of needs.wrote) {
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

  /** What a transaction that only reads says of its state, which was at `at`, as far as that is known. */
  toldState(member: MemberProcess, at: EntryId | null, told: EntryId | null): void {
    if (told === null) return;
    const checker = this.#checker;
    const right = checker.isCommitted(told) && (at === null || told.index >= at.index);
    require(right, 'I6 one state', () => {
      return `${member.id} says that the state at ${at?.term}.${at?.index} is at ${checker.describe(told)}`;
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
