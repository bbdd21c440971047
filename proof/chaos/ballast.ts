import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from '../../src/api/database.ts';
import { PacelineError } from '../../src/base/errors.ts';
import { Prng } from '../../src/base/prng.ts';
import { createClient } from '../../src/client/client.ts';
import { LIMITS } from './limits.ts';

const PARTS = 2;

/** A trigger gives each row its parts, a foreign key takes them away with it: never is there one without the others. */
export const BALLAST_SCHEMA = [
  'CREATE TABLE ballast(n INTEGER PRIMARY KEY, bytes BLOB NOT NULL)',
  `CREATE TABLE ballast_part(n INTEGER PRIMARY KEY, whole INT NOT NULL REFERENCES ballast ON DELETE CASCADE,
    digest TEXT)`,
  'CREATE INDEX ballast_part_whole ON ballast_part(whole, digest)',
  `CREATE TRIGGER ballast_parts AFTER INSERT ON ballast BEGIN
    INSERT INTO ballast_part(whole, digest) VALUES (NEW.n, hex(substr(NEW.bytes, 1, 8))), (NEW.n, hex(randomblob(8)));
  END`,
];

/** Rows that have lost parts, or have too many: `n`, `parts`. */
export const BALLAST_WITHOUT_PARTS = `SELECT n, parts FROM
  (SELECT n, (SELECT count(*) FROM ballast_part WHERE whole = ballast.n) AS parts FROM ballast) WHERE parts <> ${PARTS}`;

/** Whatever members have for writes that ask for nothing. */
const WAITS_FOR = { durability: 'quorum' } as const;

/** Whether a row of so many bytes was written. */
export function addBallast(client: Database, bytes: number): Promise<boolean> {
  const sql = 'INSERT INTO ballast(bytes) VALUES (randomblob(?))';
  return tries(() => client.execute(sql, [bytes], WAITS_FOR));
}

export function dropBallast(client: Database): Promise<boolean> {
  return tries(() => client.execute('DELETE FROM ballast', [], WAITS_FOR));
}

/** Whether it worked. Throws what is not an error of Paceline's. */
async function tries(call: () => Promise<unknown>): Promise<boolean> {
  try {
    await call();
    return true;
  } catch (error) {
    if (!(error instanceof PacelineError)) throw error;
    return false;
  }
}

/**
 * Writes that nobody looks at: they make the log long and the database larger, so that checkpoints,
 * compaction and snapshots happen within minutes.
 */
export class Ballast {
  readonly #client: Database;
  readonly #prng: Prng;
  #stopped = false;
  #running: Promise<void> = Promise.resolve();

  constructor(urls: readonly string[], seed: number) {
    this.#client = createClient(urls, { timeoutMs: LIMITS.operationTimeoutMs });
    this.#prng = new Prng(seed);
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Waits for the write under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
    await this.#client.close();
  }

  async #run(): Promise<void> {
    for (let rows = 1; !this.#stopped; rows++) {
      if (rows % LIMITS.smallRowsMax === 0) await dropBallast(this.#client);
      await addBallast(this.#client, this.#prng.between(1, LIMITS.smallRowBytesMax));
      await delay(LIMITS.smallRowPauseMs);
    }
  }
}
