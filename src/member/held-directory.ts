import { existsSync } from 'node:fs';
import { DirectoryLock } from '../sqlite/directory-lock.ts';
import {
  type Identity,
  type Layout,
  makeDirectory,
  readIdentity,
  removeEmpty,
} from './directory.ts';
import { discardMember } from './new-member.ts';

/**
 * The directory of a member that is being opened, or is open: made where it is missing, and locked. Until it is `keep`t, what a first start
 * has made in it, itself and the lock's file included, is removed when it is let go; never anything that was there before.
 */
export class HeldDirectory {
  readonly #layout: Layout;
  readonly #made: readonly string[];
  readonly #lock: DirectoryLock;
  #created = false;
  #kept = false;

  /** Throws DIRECTORY_IN_USE, DIRECTORY_OF_ANOTHER, DISK_FULL, IO. */
  constructor(dir: string, layout: Layout, identity: Identity) {
    this.#layout = layout;
    this.#made = makeDirectory(dir);
    try {
      // Where no member ever was, not even the lock is made before it is known that one may be there. Who has the lock asks again:
      // another process may have made a member there meanwhile.
      if (!existsSync(layout.lock)) readIdentity(layout, identity);
      this.#lock = new DirectoryLock(layout.lock, dir);
    } catch (error) {
      removeEmpty(this.#made);
      throw error;
    }
  }

  /** The member in it is new, and complete; it has not promised anything to anybody yet. */
  created(): void {
    this.#created = true;
  }

  /** The member in it may have taken part in the cluster: what it has promised, and to whom, must not be forgotten. */
  keep(): void {
    this.#kept = true;
  }

  /** Idempotent; call when nothing in it is open any more. */
  release(): void {
    if (this.#kept) return this.#lock.release();
    if (this.#created) discardMember(this.#layout);
    this.#created = false;
    this.#lock.undo();
    removeEmpty(this.#made);
  }
}
