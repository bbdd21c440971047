import { assert } from '../base/assert.ts';
import { PacelineError } from '../base/errors.ts';
import type { Entry, Index, MemberId, Membership } from './entry.ts';
import type { LogView } from './log-view.ts';

/** Bytes read at a time when a log is searched for membership entries at the start. */
const SCAN_BYTES = 4 * 1024 * 1024;

interface Installed {
  /** The entry that brought it; the log's base for the one before all entries. */
  readonly index: Index;
  readonly membership: Membership;
}

/**
 * The memberships that the log holds. The newest is in force whether committed or not
 * (dissertation 4.1), and is taken back when its entry is truncated.
 */
export class MembershipHistory {
  readonly #view: LogView;
  /** Ascending. The first one was in force at the log's base; earlier ones are forgotten. */
  #installed: Installed[];
  #commit: Index;

  /** Reads the whole log once. */
  constructor(view: LogView) {
    this.#view = view;
    this.#commit = view.base.index;
    this.#installed = [{ index: view.base.index, membership: view.baseMembership }];
    let next = view.base.index + 1;
    while (next <= view.lastIndex) {
      const entries = view.entries(next, view.lastIndex, SCAN_BYTES);
      assert(entries.length > 0, `the store lacks entry ${next}`);
      this.append(entries);
      next = entries.at(-1)!.index + 1;
    }
  }

  get current(): Membership {
    return this.#installed.at(-1)!.membership;
  }

  /** Index of the entry that brought the current membership. */
  get index(): Index {
    return this.#installed.at(-1)!.index;
  }

  /**
   * In force for the log up to `index`: what belongs to a snapshot there (dissertation 5.1), whatever
   * has been appended since. `index` is not before the log's base.
   */
  at(index: Index): Membership {
    assert(index >= this.#view.base.index, `the membership at ${index} is forgotten`);
    return this.#installed[this.#indexOfThatAt(index)]!.membership;
  }

  /** A voter in the last membership known to be committed, or in one after it. */
  mayBeVoter(id: MemberId): boolean {
    const installed = this.#installed;
    for (let i = this.#indexOfThatAt(this.#commit); i < installed.length; i++)
      if (isVoter(installed[i]!.membership, id)) return true;
    return false;
  }

  append(entries: readonly Entry[]): void {
    for (const { index, membership } of entries) {
      if (membership !== null) this.#installed.push({ index, membership });
    }
  }

  truncate(from: Index): void {
    assert(from > this.#commit, 'I3: a committed membership cannot be taken back');
    this.#installed = this.#installed.filter((one) => one.index < from);
  }

  committed(commit: Index): void {
    this.#commit = commit;
    const kept = this.#indexOfThatAt(this.#view.base.index);
    if (kept > 0) this.#installed.splice(0, kept);
  }

  reset(index: Index, membership: Membership): void {
    this.#commit = index;
    this.#installed = [{ index, membership }];
  }

  #indexOfThatAt(index: Index): number {
    let last = this.#installed.length - 1;
    while (last > 0 && this.#installed[last]!.index > index) last--;
    return last;
  }
}

export function votersOf(membership: Membership): MemberId[] {
  return membership.filter((member) => member.voter).map((member) => member.id);
}

export function isVoter(membership: Membership, id: MemberId): boolean {
  for (const member of membership) if (member.id === id) return member.voter;
  return false;
}

/**
 * Whether `next` may follow `current`: majorities of the two must overlap, which one added or
 * removed voter guarantees (dissertation 4.1). Learners and addresses may change freely. Throws
 * REQUEST_INVALID.
 */
export function checkNextMembership(current: Membership, next: Membership): void {
  for (let i = 1; i < next.length; i++) {
    if (next[i - 1]!.id >= next[i]!.id) {
      throw illegal('members must be sorted by id, each named once');
    }
  }
  const voters = votersOf(next);
  if (voters.length === 0) throw illegal('a cluster needs at least one voter');
  const before = votersOf(current);
  const added = voters.filter((id) => !before.includes(id));
  const removed = before.filter((id) => !voters.includes(id));
  if (added.length + removed.length > 1) {
    const names = [...added, ...removed].join(', ');
    throw illegal(
      `only one voter may be added or removed at a time, not ${names}; go step by step`,
    );
  }
}

export function illegal(why: string): PacelineError {
  return new PacelineError('REQUEST_INVALID', `Change of membership refused: ${why}.`);
}
