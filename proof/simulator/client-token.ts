import type { Position } from '../../src/api/request.ts';
import { decodeToken, encodeToken } from '../../src/api/token.ts';
import { isLater } from '../../src/member/needed-positions.ts';

/** What one client has written and read, through whichever members: the token that it takes along. */
export class ClientToken {
  #token: string | null = null;
  /** The same without what may still be discarded. */
  #certain: string | null = null;

  get token(): string | null {
    return this.#token;
  }

  /** A handle's token says nothing of what the client did through others. */
  saw(handleToken: string): void {
    this.#token = later(this.#token, handleToken);
  }

  /** It has seen this, and it is committed. */
  sawCommitted(position: Position): void {
    this.#certain = later(this.#certain, encodeToken(position));
    this.#token = later(this.#token, this.#certain);
  }

  /** Some of what the token stands for was discarded. */
  lost(): void {
    this.#token = this.#certain;
  }
}

export function later(one: string | null, other: string): string {
  return one !== null && isLater(decodeToken(one), decodeToken(other)) ? one : other;
}
