import type { LogStore } from '../log-store/log-store.ts';
import type { Raft } from '../raft/raft.ts';
import type { DatabaseTracker } from './database-tracker.ts';
import type { SnapshotFiles } from './snapshot-files.ts';

export interface LeftSnapshotParts {
  readonly raft: Raft;
  readonly log: LogStore;
  readonly tracker: DatabaseTracker;
  readonly files: SnapshotFiles;
  /** Where snapshots are received. */
  readonly incomingFile: string;
}

/**
 * What an earlier process had received of a snapshot when it ended. It is of use until this member has all that its leader
 * has committed: then its log went on without it, from a leader who had kept more, say, and it only takes space.
 */
export class LeftSnapshot {
  readonly #parts: LeftSnapshotParts;
  #removed = false;

  constructor(parts: LeftSnapshotParts) {
    this.#parts = parts;
  }

  /** Call now and then while no database is fetched. */
  removeUnneeded(): void {
    if (this.#removed || !this.#caughtUp) return;
    const { files, incomingFile } = this.#parts;
    for (const path of [incomingFile, `${incomingFile}.json`]) files.remove(path);
    this.#removed = true;
  }

  /** An entry of its own term is the first that a leader commits, so this member has met that leader. */
  get #caughtUp(): boolean {
    const { raft, log, tracker } = this.#parts;
    const { commit, term } = raft;
    return log.term(commit) === term && tracker.steady && tracker.position.index >= commit;
  }
}
