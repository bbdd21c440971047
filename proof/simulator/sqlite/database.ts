import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Prng } from '../../../src/base/prng.ts';
import { seedPage } from '../../../src/sqlite/seed.ts';
import type { HomeParts, MachineDatabase } from '../database/member-database.ts';
import type { Left } from './books.ts';
import { SqliteHome } from './home.ts';
import { scratchDirectory } from './scratch.ts';
import { synced } from './stored-file.ts';

/**
 * A database of real SQLite, on real files. Each process has them in another directory: connections of one that is gone,
 * which may live until they are collected, do no harm there.
 */
export class SqliteDatabase implements MachineDatabase {
  readonly #prng: Prng;
  readonly #room = { full: false };
  readonly #dir = scratchDirectory();
  #processes = 0;
  #left: Left;
  #home: SqliteHome | null = null;

  constructor(pageSize: number, prng: Prng) {
    this.#prng = prng;
    this.#left = { main: synced(seedPage(pageSize)), wal: synced(new Uint8Array(0)) };
  }

  home(parts: HomeParts): SqliteHome {
    const dir = join(this.#dir, String(++this.#processes));
    mkdirSync(dir);
    this.#home = new SqliteHome(dir, this.#left, parts, this.#room);
    return this.#home;
  }

  set full(full: boolean) {
    this.#room.full = full;
  }

  ended(power: boolean): void {
    if (this.#home === null) return;
    this.#left = this.#home.end(power, this.#prng);
    this.#home = null;
    rmSync(join(this.#dir, String(this.#processes)), { recursive: true });
  }

  discard(): void {
    this.#home?.close();
    this.#home = null;
    rmSync(this.#dir, { recursive: true, force: true });
  }
}
