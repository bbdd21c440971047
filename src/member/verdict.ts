import { asPacelineError, PacelineError } from '../base/errors.ts';
import type { DatabaseHome } from './database-home.ts';
import type { MemberOptions } from './options.ts';

export interface VerdictParts {
  readonly home: DatabaseHome;
  readonly options: Pick<MemberOptions, 'members'>;
  readonly warn: (message: string) => void;
}

/** That this member's database must not be used any more, noted before anything is done about it, so that a crash does not forget it. */
export class Verdict {
  readonly #parts: VerdictParts;
  /** Why, where there was no room to note it. */
  #unnoted: string | null = null;
  #lastWarning = '';

  constructor(parts: VerdictParts) {
    this.#parts = parts;
  }

  /** Throws DATABASE_DIVERGED if the database was found unusable before. */
  check(): void {
    const why = this.#parts.home.condemned();
    if (why !== null) throw new PacelineError('DATABASE_DIVERGED', why);
  }

  pass({ code, message }: PacelineError): void {
    // What is gone says so itself. A member alone has nobody to fetch another one from: people decide what becomes of its database.
    if (code === 'DATABASE_MISSING' || Object.keys(this.#parts.options.members).length < 2) return;
    this.#unnoted = message;
    this.tryAgain();
  }

  /** What could not be noted. */
  tryAgain(): void {
    const { home, warn } = this.#parts;
    if (this.#unnoted === null) return;
    try {
      if (home.condemned() === null) home.condemn(this.#unnoted);
      this.#unnoted = null;
    } catch (error) {
      const { message } = asPacelineError(error);
      if (message !== this.#lastWarning) warn(message);
      this.#lastWarning = message;
    }
  }

  /** Another database is in its place. */
  forget(): void {
    this.#unnoted = null;
  }
}
