import { messageOf } from '../base/errors.ts';
import type { Entry, Index, Term } from '../raft/entry.ts';
import type { ChecksumValue } from '../redo/checksum.ts';
import { Engine } from '../sqlite/engine.ts';
import type { Executed } from '../sqlite/engine-parts.ts';
import { CheckpointCycle, type CheckpointParts } from './checkpoint-cycle.ts';
import type { CheckpointTools, OpenDatabase } from './database-home.ts';
import { passes } from './fault-kinds.ts';
import type { MemberOptions } from './options.ts';
import type { HeldSnapshot, SqlToApp } from './protocol.ts';
import type { SharedState } from './shared-state.ts';
import { WalPressure } from './wal-pressure.ts';

type CycleEvents = Pick<
  CheckpointParts,
  'onKeep' | 'onCheckpoint' | 'onWarning' | 'onHoldEnded' | 'turn'
>;

export interface RunningParts extends CycleEvents {
  readonly cluster: string;
  readonly options: MemberOptions;
  readonly shared: SharedState;
  readonly tellApp: (message: SqlToApp) => void;
  readonly onFailure: (error: Error) => void;
}

/** An open database that has its place in the log, with what keeps its WAL short. */
export class RunningDatabase {
  readonly engine: Engine;
  readonly database: OpenDatabase;
  readonly cycle: CheckpointCycle;
  readonly #tools: CheckpointTools;

  constructor(database: OpenDatabase, checksum: ChecksumValue, parts: RunningParts) {
    const { options, cluster, shared } = parts;
    const { term, index } = database.position;
    const onVisible = (visible: Index, undone: boolean) => {
      // Who finds that something was undone must not find the applied index of before.
      if (undone) shared.setApplied(visible);
      if (undone) shared.noteUndone();
      shared.setVisible(visible);
    };
    const engineOptions = { ...options, cluster, onVisible };
    this.database = database;
    this.engine = new Engine(database, { term, index }, checksum, engineOptions);
    this.#tools = database.startCheckpoints(parts.onFailure);
    const pressure = new WalPressure({
      shared,
      bytesMax: options.snapshotWalBytesMax,
      onWarning: parts.onWarning,
      endSnapshots: () => parts.tellApp({ type: 'snapshots-ended' }),
    });
    this.cycle = new CheckpointCycle({
      ...parts,
      onHeldUp: (walBytes) => pressure.heldUp(walBytes),
      onEmptied: () => pressure.emptied(),
      engine: this.engine,
      wal: database.wal,
      ...this.#tools,
      walBytes: options.checkpointWalBytes,
    });
  }

  /** Of successive entries those that it does not have. Throws what a foreign lock, a full disk or a damaged entry prevents. */
  apply(entries: readonly Entry[]): void {
    const rest = entries.filter((entry) => entry.index > this.engine.position.index);
    const last = rest.at(-1);
    if (last === undefined) return;
    this.cycle.before(last.index);
    this.engine.apply(rest);
  }

  lead(term: Term): Executed {
    this.cycle.before(this.engine.position.index + 1);
    return this.engine.lead(term);
  }

  /** Keeps a committed state as it is, for another member to copy. */
  hold(atLeast: Index, done: (snapshot: HeldSnapshot) => void): void {
    const { pageSize, wal, files } = this.database;
    this.cycle.hold(atLeast, (commit) => {
      const { mainFd, walFd } = files;
      const bytes = commit.databasePages * pageSize;
      done({ id: commit.id, bytes, pageSize, mainFd, walFd, ...wal.framesAt(commit) });
    });
  }

  /**
   * For the end of the member: undoes what is not committed. The last connection to close makes SQLite copy the whole WAL into
   * the main file, and only committed data may be in it then. False if that was not possible.
   */
  undoUncommitted(committed: Index): boolean {
    if (this.cycle.unlocked) return true;
    this.engine.stepDown();
    return this.engine.undoAbove(committed);
  }

  /**
   * A checkpoint that is under way is finished first. `fold` brings everything into the main file; what prevents that, a foreign reader
   * or a full disk, is returned: the WAL stays beside it then, for the next start.
   */
  async close(fold: boolean): Promise<string | null> {
    const { checkpoints, pins, snapshotPin } = this.#tools;
    await checkpoints.close();
    pins.close();
    snapshotPin.close();
    try {
      return fold && !this.cycle.unsynced ? this.#fold() : null;
    } finally {
      this.database.close();
    }
  }

  /** The WAL may stay: the next start goes on with it. */
  #fold(): string | null {
    try {
      return this.database.fold() ? null : 'a foreign process reads the database';
    } catch (error) {
      if (passes(error)) return messageOf(error);
      throw error;
    }
  }
}
