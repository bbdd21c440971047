import type { Prng } from '../../../src/base/prng.ts';
import { seedPage } from '../../../src/sqlite/seed.ts';
import { DatabaseFiles } from './files.ts';
import { SimHome } from './home.ts';
import type { HomeParts, MachineDatabase } from './member-database.ts';

/** A database without SQLite: a small state machine on pages in memory. */
export class MemoryDatabase implements MachineDatabase {
  readonly #prng: Prng;
  #files: DatabaseFiles | null;
  #home: SimHome | null = null;

  constructor(pageSize: number, prng: Prng) {
    this.#prng = prng;
    this.#files = new DatabaseFiles(pageSize, [seedPage(pageSize)]);
  }

  home(parts: HomeParts): SimHome {
    this.#home = new SimHome(parts, this.#files);
    return this.#home;
  }

  set full(full: boolean) {
    const files = this.#home === null ? this.#files : this.#home.files;
    if (files !== null) files.full = full;
  }

  ended(power: boolean): void {
    const files = this.#home?.files ?? null;
    this.#home = null;
    this.#files = (power ? files?.afterPowerLoss(this.#prng) : files?.afterKill()) ?? null;
  }

  discard(): void {}
}
