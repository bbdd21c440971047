import { decodeToken, encodeToken } from '../api/token.ts';
import type { PacelineError } from '../base/errors.ts';
import { type EntryId, ORIGIN } from '../raft/entry.ts';
import { isLater, NeededPositions } from './needed-positions.ts';
import type { SharedState } from './shared-state.ts';

/**
 * What one handle has written and read, and so must see from now on. What it has read on this member it sees here by
 * itself, since a copy does not go back, except when another copy takes its place.
 */
export class Session {
  readonly #shared: SharedState;
  readonly #needed: NeededPositions;
  /** Low bits of an index up to which it may have read here, which is committed; null before the first read. */
  #read: number | null = null;

  constructor(shared: SharedState) {
    this.#shared = shared;
    this.#needed = new NeededPositions(shared, 'a write of this handle, at');
  }

  /** The database was opened, or is another one: nothing has been read in it. */
  begin(): void {
    this.#needed.addCommitted(this.#readPosition);
    this.#read = null;
  }

  wrote(position: EntryId): void {
    this.#needed.add(position);
  }

  /** It has read, on another member, what is committed up to there. */
  readElsewhere(position: EntryId): void {
    this.#needed.addCommitted(position);
  }

  /** A result was returned that may have what is at the index with these low bits, which is committed. */
  noteRead(visibleBits: number): void {
    if (this.#read === null || ((visibleBits - this.#read) | 0) > 0) this.#read = visibleBits;
  }

  /** Whether a read that begins now sees all of it, as far as that can be told at once. */
  get isCurrent(): boolean {
    return this.#needed.areSeen;
  }

  /** The same, found out. Throws POSITION_LOST, once, for what will never be there. */
  look(): boolean {
    return this.#needed.look();
  }

  /** POSITION_LOST for a position of which another member says that it will never be there; null if that was told before. */
  takeLost(position: EntryId): PacelineError | null {
    return this.#needed.takeLost(position);
  }

  get token(): string {
    return encodeToken(this.#position);
  }

  /** As far as it is known to be committed, which all that was read is. */
  get certainToken(): string {
    const [needed, read] = [this.#needed.latestCommitted, this.#readPosition];
    return encodeToken(isLater(needed, read) ? needed : read);
  }

  /** All that, and what the token stands for. */
  tokenWith(token: string | undefined): string {
    const other = token === undefined ? ORIGIN : decodeToken(token);
    return encodeToken(isLater(other, this.#position) ? other : this.#position);
  }

  get #position(): EntryId {
    const [needed, read] = [this.#needed.latest, this.#readPosition];
    return isLater(needed, read) ? needed : read;
  }

  get #readPosition(): EntryId {
    return this.#read === null ? ORIGIN : this.#shared.committedPosition(this.#read);
  }
}
