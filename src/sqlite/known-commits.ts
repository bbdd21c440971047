import type { EntryId, Index } from '../raft/entry.ts';
import type { LiveWal, WalCommit } from './live-wal.ts';
import { storedCommits } from './wal-positions.ts';

/** The commits that a database can be read at, or brought back to: those of this process, and those that it found in the WAL. */
export class KnownCommits {
  readonly #wal: LiveWal;
  readonly #cluster: string;

  constructor(wal: LiveWal, cluster: string) {
    this.#wal = wal;
    this.#cluster = cluster;
  }

  /** The commit that brought the database to `id`. */
  at(id: EntryId): WalCommit | undefined {
    return (
      this.#wal.findCommit(id) ??
      this.#findStored((at) => at.index === id.index && at.term === id.term)
    );
  }

  /**
   * The latest one at or before `index`. To be right after a crash, that must be at least what was known as committed before it:
   * checkpoints may have copied as much.
   */
  upTo(index: Index): WalCommit | undefined {
    return this.#wal.lastCommitUpTo(index) ?? this.#findStored((at) => at.index <= index);
  }

  #findStored(fits: (id: EntryId) => boolean): WalCommit | undefined {
    for (const commit of storedCommits(this.#wal, this.#cluster))
      if (fits(commit.id)) return commit;
    return undefined;
  }
}
