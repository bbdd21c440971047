import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from '../../src/api/database.ts';
import { PacelineError } from '../../src/base/errors.ts';
import { Prng } from '../../src/base/prng.ts';
import { createClient } from '../../src/client/client.ts';
import { LIMITS } from './limits.ts';

export const BALLAST_TABLE = 'CREATE TABLE ballast(n INTEGER PRIMARY KEY, bytes BLOB NOT NULL)';

/** Whether a row of so many bytes was written. */
export function addBallast(client: Database, bytes: number): Promise<boolean> {
  const sql = 'INSERT INTO ballast(bytes) VALUES (randomblob(?))';
  return tries(() => client.execute(sql, [bytes]));
}

export function dropBallast(client: Database): Promise<boolean> {
  return tries(() => client.execute('DELETE FROM ballast'));
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
