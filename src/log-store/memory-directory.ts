import type { Prng } from '../base/prng.ts';
import type { MemoryFile } from './memory-file.ts';
import { type Covered, WriteBehind } from './write-behind.ts';

type Names = Map<string, MemoryFile>;

/** `file` gets the name `to` and loses `from`; null where there is none. */
export interface NameChange {
  readonly file: MemoryFile;
  readonly from: string | null;
  readonly to: string | null;
}

/** The names in one directory of a MemoryDisk: as readers see them, and as the medium has them. */
export class MemoryDirectory {
  readonly #seen: Names = new Map();
  readonly #medium: Names = new Map();
  readonly #behind = new WriteBehind<NameChange>((change) => rename(this.#medium, change));

  get names(): string[] {
    return [...this.#seen.keys()];
  }

  get files(): MemoryFile[] {
    return [...this.#seen.values()];
  }

  get(name: string): MemoryFile | undefined {
    return this.#seen.get(name);
  }

  apply(change: NameChange): Covered<NameChange> {
    rename(this.#seen, change);
    return this.#behind.add(change);
  }

  /** What a sync that begins now makes durable. */
  covered(): Covered<NameChange> {
    return this.#behind.covered();
  }

  makeDurable(covered: Covered<NameChange>): void {
    this.#behind.settle(covered);
  }

  /**
   * The directory as a loss of power leaves it: of the changes that were not synced either the first
   * few, as a journal keeps them, or any, which is all that the standard promises.
   */
  afterPowerLoss(random: Prng, fileAfter: (file: MemoryFile) => MemoryFile): MemoryDirectory {
    const open = this.covered();
    const ordered = random.chance(0.5);
    const first = random.between(0, open.length);
    let count = 0;
    this.#behind.settle(open, (change) => {
      const kept = ordered ? count++ < first : random.chance(0.5);
      return kept ? [change] : [];
    });
    const left = new MemoryDirectory();
    for (const [name, file] of this.#medium) {
      left.makeDurable(left.apply({ file: fileAfter(file), from: null, to: name }));
    }
    return left;
  }
}

/** A name that stands for another file by now is not touched. */
function rename(names: Names, { file, from, to }: NameChange): void {
  if (from !== null && names.get(from) === file) names.delete(from);
  if (to !== null) names.set(to, file);
}
