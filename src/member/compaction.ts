import type { LogStore } from '../log-store/log-store.ts';
import type { EntryId, Index } from '../raft/entry.ts';
import type { Raft } from '../raft/raft.ts';
import { type ChecksumValue, DatabaseChecksum } from '../redo/checksum.ts';

interface Checkpointed {
  readonly id: EntryId;
  readonly checksum: ChecksumValue;
  /** Entry bytes appended before it, since this process began. */
  readonly bytesBefore: number;
}

/** Followers that need more of the log than `keepBytes` hold compaction back until the log has this many times that. */
const HOLD_BACK_FACTOR = 2;

/** What is asked of Raft. */
export type CompactionRaft = Pick<Raft, 'progress' | 'membershipAt'>;

/** Somebody needs the log from this index on. */
export interface LogNeed {
  readonly from: Index;
  /** The size of the snapshot that he is being given; 0 if he is not. */
  readonly snapshotBytes: number;
}

/** What the followers of this member, if it leads, have not got yet. */
function followerNeeds(raft: Pick<Raft, 'progress'>): LogNeed[] {
  return [...raft.progress().values()].map(({ match }) => ({ from: match + 1, snapshotBytes: 0 }));
}

/**
 * Decides how much of the log is forgotten. Never what the main database file does not have yet; beyond that it keeps
 * `keepBytes` for followers that are behind, for one that is further behind twice as much, and for one that is being given
 * a snapshot as much as the snapshot has: when the log behind it costs more than that, another snapshot is cheaper.
 */
export class Compaction {
  readonly #log: LogStore;
  readonly #raft: CompactionRaft;
  readonly #keepBytes: number;
  #appendedBytes = 0;
  #checkpoints: Checkpointed[] = [];

  constructor(log: LogStore, raft: CompactionRaft, keepBytes: number) {
    this.#log = log;
    this.#raft = raft;
    this.#keepBytes = keepBytes;
  }

  appended(bytes: number): void {
    this.#appendedBytes += bytes;
  }

  /** The main file is now the database at `id`. `snapshotNeeds`: of those that are being given a snapshot. */
  checkpointed(
    { id, checksum }: Pick<Checkpointed, 'id' | 'checksum'>,
    snapshotNeeds: readonly LogNeed[],
  ): void {
    const needs = [...followerNeeds(this.#raft), ...snapshotNeeds];
    this.#checkpoints.push({ id, checksum, bytesBefore: this.#appendedBytes });
    const beyond = (c: Checkpointed) => this.#appendedBytes - c.bytesBefore;
    const mayGo = (c: Checkpointed) => beyond(c) >= this.#keptBytes(c.id.index, needs);
    // The older one is, the more there is behind it and the less is wanted there: all that may go are in front.
    const kept = this.#checkpoints.findIndex((c) => !mayGo(c));
    const at = this.#checkpoints.splice(0, kept === -1 ? this.#checkpoints.length : kept).at(-1);
    if (at === undefined) return;
    if (at.id.index <= this.#log.base.index) return;
    this.#log.compact({
      id: at.id,
      membership: this.#raft.membershipAt(at.id.index),
      extra: new DatabaseChecksum(at.checksum).toBytes(),
    });
  }

  /** How much log there must be behind `index` before what is up to there may go. */
  #keptBytes(index: Index, needs: readonly LogNeed[]): number {
    const atLeast = this.#keepBytes * HOLD_BACK_FACTOR;
    const concerned = needs.filter(({ from }) => from <= index);
    const wanted = concerned.map(({ snapshotBytes }) => Math.max(snapshotBytes, atLeast));
    return Math.max(this.#keepBytes, ...wanted);
  }

  /** Another database takes the place of the one that was checkpointed. */
  reset(): void {
    this.#checkpoints = [];
  }
}
