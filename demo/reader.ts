import type { Database } from '../src/api/database.ts';
import { PacelineError } from '../src/base/errors.ts';

const SEARCH = `
  SELECT cities.name, regions.name, countries.name
  FROM city_search
  JOIN cities ON cities.id = city_search.rowid
  JOIN regions ON regions.id = cities.region
  JOIN countries ON countries.code = regions.country
  WHERE city_search MATCH ?
  LIMIT 5`;
const NEIGHBOURS = `
  SELECT id, name FROM cities
  WHERE region = (SELECT region FROM cities WHERE id = ?)
  LIMIT 10`;
const WORDS = ['san', 'nova', 'villa', 'berg', 'port', 'saint', 'new', 'bad', 'la', 'stadt'];

/** Reads from one member's copy: a full-text search and a look at an index, in turn. */
export class Reader {
  readonly memberId: string;
  readonly #database: Database;
  readonly #cities: number;
  #count = 0;

  constructor(memberId: string, cities: number, database: Database) {
    this.memberId = memberId;
    this.#cities = cities;
    this.#database = database;
  }

  /** How long the next read took, in ms; null when the member is not there to answer. */
  async next(): Promise<number | null> {
    this.#count += 1;
    const startMs = performance.now();
    try {
      if (this.#count % 2 === 0) await this.#search();
      else await this.#database.query(NEIGHBOURS, [((this.#count * 104_729) % this.#cities) + 1]);
      return performance.now() - startMs;
    } catch (error) {
      if (error instanceof PacelineError && error.category === 'retryable') return null;
      if (error instanceof PacelineError && error.code === 'CLOSED') return null;
      throw error;
    }
  }

  async #search(): Promise<void> {
    const word = WORDS[this.#count % WORDS.length]!;
    await this.#database.query(SEARCH, [word]);
  }
}
