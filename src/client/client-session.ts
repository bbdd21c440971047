import type { Position } from '../api/request.ts';
import { decodeToken, encodeToken } from '../api/token.ts';

/** What one client has written and read, through whichever members. */
export class ClientSession {
  #position: Position = { term: 0, index: 0 };
  /** What of it is committed; never later than `#position`. */
  #certain: Position = this.#position;

  /** Unless it is committed, a failover may discard it. */
  wroteAt(position: Position, isCommitted: boolean): void {
    if (isLater(position, this.#position)) this.#position = position;
    if (isCommitted && isLater(position, this.#certain)) this.#certain = position;
  }

  readAt(token: string): void {
    this.wroteAt(decodeToken(token), true);
  }

  /** A write of it was discarded by a failover: what it has read, and its other writes, were not. */
  forgetLost(): void {
    this.#position = this.#certain;
  }

  get token(): string {
    return encodeToken(this.#position);
  }

  get certainToken(): string {
    return encodeToken(this.#certain);
  }

  /** All that, and what the token stands for; undefined if that is nothing. */
  with(token: string | undefined): string | undefined {
    const other = token === undefined ? { term: 0, index: 0 } : decodeToken(token);
    const later = isLater(other, this.#position) ? other : this.#position;
    return later.index === 0 ? undefined : encodeToken(later);
  }
}

function isLater(one: Position, other: Position): boolean {
  return one.term === other.term ? one.index > other.index : one.term > other.term;
}
