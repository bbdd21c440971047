import type { Position } from '../api/request.ts';
import { decodeToken, encodeToken } from '../api/token.ts';

/** What one client has written and read, through whichever members. */
export class ClientSession {
  #position: Position = { term: 0, index: 0 };

  wroteAt(position: Position): void {
    if (isLater(position, this.#position)) this.#position = position;
  }

  readAt(token: string): void {
    this.wroteAt(decodeToken(token));
  }

  /** What it has written or read was discarded by a failover. */
  forget(): void {
    this.#position = { term: 0, index: 0 };
  }

  get token(): string {
    return encodeToken(this.#position);
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
