import type { Database } from '../src/api/database.ts';
import type { Position } from '../src/api/request.ts';
import { PacelineError } from '../src/base/errors.ts';
import { LIMITS } from './limits.ts';

/** An acknowledged write, by this process's clock (`performance.now()`). */
export interface Acknowledgement {
  readonly issuedMs: number;
  readonly atMs: number;
  readonly position: Position;
}

const INSERT = 'INSERT INTO visits(writer, number, city) VALUES (?, ?, ?)';

/** The request id of a writer's write: also where it is found in the database. */
export function writeIdOf(writer: string, number: number): string {
  return `${writer}-${number}`;
}

/**
 * The city that write `number` names: spread over all, and known again when the write is verified.
 */
export function cityOf(number: number, cities: number): number {
  return ((number * 7919) % cities) + 1;
}

/**
 * Does one write after the other, each under an id of its own, numbered from 1. It goes on to the
 * next only when one is acknowledged, so that `acknowledged` says which ones were: all up to it.
 */
export class Writer {
  readonly name: string;
  /** The member that it writes through while that is up. */
  readonly memberId: string;
  readonly #cities: number;
  #database: Database;
  #acknowledged = 0;
  #repeated = 0;

  constructor(name: string, memberId: string, cities: number, database: Database) {
    this.name = name;
    this.memberId = memberId;
    this.#cities = cities;
    this.#database = database;
  }

  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** How often a write had to be sent again because nobody could say in time what became of it. */
  get repeated(): number {
    return this.#repeated;
  }

  /** From the next attempt on, writes go through `database`. */
  use(database: Database): void {
    this.#database = database;
  }

  /**
   * Does the next write, again and again under the same id until it is acknowledged; null when
   * `stopped` first.
   */
  async next(stopped: () => boolean): Promise<Acknowledgement | null> {
    const number = this.#acknowledged + 1;
    const args = [this.name, number, cityOf(number, this.#cities)];
    const options = { id: writeIdOf(this.name, number), timeoutMs: LIMITS.writeTimeoutMs };
    const issuedMs = performance.now();
    while (!stopped()) {
      try {
        const { position } = await this.#database.execute(INSERT, args, options);
        this.#acknowledged = number;
        return { issuedMs, atMs: performance.now(), position };
      } catch (error) {
        if (!mayBeRepeated(error)) throw error;
        this.#repeated += 1;
      }
    }
    return null;
  }
}

function mayBeRepeated(error: unknown): boolean {
  if (!(error instanceof PacelineError)) return false;
  return error.category === 'retryable' || error.category === 'unknown-outcome';
}
