import type { Index } from '../raft/entry.ts';
import type { ChecksumValue } from '../redo/checksum.ts';
import { Checkpoints } from '../sqlite/checkpoints.ts';
import { closeConnections, type EngineConnections, foldWal } from '../sqlite/connections.ts';
import { Engine } from '../sqlite/engine.ts';
import { Pins } from '../sqlite/pins.ts';
import { CheckpointCycle, type CheckpointParts } from './checkpoint-cycle.ts';
import type { MemberOptions } from './options.ts';
import type { SharedState } from './shared-state.ts';

type CycleEvents = Pick<
  CheckpointParts,
  'onCheckpoint' | 'onWarning' | 'onSuspensionEnded' | 'turn'
>;

export interface RunningParts extends CycleEvents {
  readonly path: string;
  readonly cluster: string;
  readonly options: MemberOptions;
  readonly shared: SharedState;
  readonly onFailure: (error: Error) => void;
}

/** An open database that has its place in the log, with what keeps its WAL short. */
export class RunningDatabase {
  readonly engine: Engine;
  readonly connections: EngineConnections;
  readonly cycle: CheckpointCycle;
  readonly #pins: Pins;
  readonly #checkpoints: Checkpoints;

  constructor(connections: EngineConnections, checksum: ChecksumValue, parts: RunningParts) {
    const { options, cluster, path, shared } = parts;
    const { term, index } = connections.position;
    const onVisible = (visible: Index, undone: boolean) => {
      if (undone) shared.noteUndone();
      shared.setVisible(visible);
    };
    const engineOptions = { ...options, cluster, onVisible };
    this.connections = connections;
    this.engine = new Engine(connections, { term, index }, checksum, engineOptions);
    this.#pins = new Pins(path);
    this.#checkpoints = new Checkpoints(path, parts.onFailure);
    this.cycle = new CheckpointCycle({
      ...parts,
      engine: this.engine,
      wal: connections.wal,
      pins: this.#pins,
      checkpoints: this.#checkpoints,
      walBytes: options.checkpointWalBytes,
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

  /** A checkpoint that is under way is finished first. `fold` brings everything into the main file; false if a foreign reader prevents it. */
  async close(fold: boolean): Promise<boolean> {
    await this.#checkpoints.close();
    this.#pins.close();
    const folded = !fold || foldWal(this.connections);
    closeConnections(this.connections);
    return folded;
  }
}
