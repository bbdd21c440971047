import { after } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { CheckpointCycle } from '../../src/member/checkpoint-cycle.ts';
import type { HeldSnapshot } from '../../src/member/protocol.ts';
import type { EntryId, Index } from '../../src/raft/entry.ts';
import type { ChecksumValue } from '../../src/redo/checksum.ts';
import type { CheckpointMode, CheckpointReply } from '../../src/sqlite/checkpointer.ts';
import { Checkpoints } from '../../src/sqlite/checkpoints.ts';
import type { WalCommit } from '../../src/sqlite/live-wal.ts';
import { Pin } from '../../src/sqlite/pin.ts';
import { Pins } from '../../src/sqlite/pins.ts';
import { EngineFixture, resultsOf } from './fixture.ts';
import { poll } from './poll.ts';

/** At this size of the WAL a checkpoint is begun. */
export const WAL_BYTES = 100_000;
export const INSERT = 'INSERT INTO t(v) VALUES (hex(randomblob(400)))';

/** A leader with the table that `INSERT` fills. */
export function leading(): EngineFixture {
  const leader = new EngineFixture({ pageSize: 1024 });
  leader.lead();
  resultsOf(leader.run('CREATE TABLE t(id INTEGER PRIMARY KEY, v)')[0]);
  return leader;
}

/** Lets a test do something between the end of a checkpoint and what the cycle makes of it. */
class WatchedCheckpoints extends Checkpoints {
  /** Called while SQLite's writer lock is still let go. */
  beforeDone: (mode: CheckpointMode, reply: CheckpointReply) => void = () => {};
  /** What the cycle is told in place of that. */
  becomes: (reply: CheckpointReply) => CheckpointReply = (reply) => reply;
  /** What the cycle threw into the worker's event. */
  readonly thrown: unknown[] = [];

  override start(mode: CheckpointMode, done: (reply: CheckpointReply) => void): void {
    super.start(mode, (reply) => {
      try {
        this.beforeDone(mode, reply);
        done(this.becomes(reply));
      } catch (error) {
        this.thrown.push(error);
      }
    });
  }
}

const running = new Set<Checkpoints>();
/** Those that a failed test left. */
after(() => Promise.all([...running].map((checkpoints) => checkpoints.close())));

/** An engine with its checkpoint cycle, as a member has them. */
export class Cycled {
  readonly fixture: EngineFixture;
  readonly pins: Pins;
  readonly snapshotPin: Pin;
  readonly checkpoints: WatchedCheckpoints;
  readonly cycle: CheckpointCycle;
  readonly checkpointed: { id: EntryId; checksum: ChecksumValue }[] = [];
  readonly warnings: string[] = [];
  committed: Index = 0;
  walBytesMax = 0;
  holdsEnded = 0;
  /** The commit index that is on disk. */
  kept: Index = 0;
  /** Whether it gets there when that is asked for. */
  keeping: 'at once' | 'never' = 'at once';

  constructor(fixture: EngineFixture, walBytes: number) {
    this.fixture = fixture;
    this.pins = new Pins([new Pin(fixture.path), new Pin(fixture.path)]);
    this.snapshotPin = new Pin(fixture.path);
    this.checkpoints = new WatchedCheckpoints(fixture.connections.files, (error) => {
      this.checkpoints.thrown.push(error);
    });
    running.add(this.checkpoints);
    this.cycle = new CheckpointCycle({
      engine: fixture.engine,
      wal: fixture.connections.wal,
      pins: this.pins,
      snapshotPin: this.snapshotPin,
      checkpoints: this.checkpoints,
      walBytes,
      onCheckpoint: (id, checksum) => this.checkpointed.push({ id, checksum }),
      onKeep: (index) => setImmediate(() => this.#keep(index)),
      onWarning: (message) => this.warnings.push(message),
      onHeldUp: () => false,
      onEmptied: () => {},
      onHoldEnded: () => this.holdsEnded++,
      turn: (work) => work(),
    });
  }

  #keep(index: Index): void {
    if (this.keeping === 'never') return;
    this.kept = Math.max(this.kept, index);
    this.cycle.kept(index);
  }

  get executed(): Index {
    return this.fixture.engine.position.index;
  }

  commit(index: Index): void {
    this.committed = index;
    this.cycle.committed(index);
  }

  /** Does `work` as soon as the cycle lets it. */
  async work(work: () => void): Promise<void> {
    await poll('the checkpoint cycle lets work go on', () => {
      this.#rethrow();
      if (this.cycle.pausesWork) this.commit(this.executed);
      return !this.cycle.pausesWork;
    });
    work();
    this.cycle.afterWork();
    this.walBytesMax = Math.max(this.walBytesMax, this.fixture.connections.wal.bytes);
    await turn();
    this.#rethrow();
  }

  /** Frames that some checkpoint has copied into the main file, as the wal-index says. */
  get backfilled(): number {
    const bytes = this.fixture.connections.files.readShm(96, 4);
    return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  }

  /** A committed state at `atLeast` or later, once it is held. */
  async held(atLeast: Index = 0): Promise<HeldSnapshot> {
    const told: WalCommit[] = [];
    this.cycle.hold(atLeast, (commit) => told.push(commit));
    await poll('a committed state is held', () => told.length === 1);
    const { files, wal, pageSize } = this.fixture.connections;
    const commit = told[0]!;
    const bytes = commit.databasePages * pageSize;
    const { mainFd, walFd } = files;
    return { id: commit.id, bytes, pageSize, mainFd, walFd, ...wal.framesAt(commit) };
  }

  async close(): Promise<void> {
    await poll('the checkpoint is over', () => !this.checkpoints.running);
    await this.checkpoints.close();
    running.delete(this.checkpoints);
    this.pins.close();
    this.snapshotPin.close();
    this.fixture.close();
  }

  #rethrow(): void {
    if (this.checkpoints.thrown.length > 0) throw this.checkpoints.thrown[0];
  }
}
