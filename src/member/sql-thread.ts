import { fstatSync, renameSync, rmSync } from 'node:fs';
import { decodeWrite, encodeResults } from '../api/wire.ts';
import { must } from '../base/assert.ts';
import { messageOf, PacelineError } from '../base/errors.ts';
import type { Entry, EntryId, Index } from '../raft/entry.ts';
import type { ChecksumValue } from '../redo/checksum.ts';
import { Checkpoints } from '../sqlite/checkpoints.ts';
import {
  closeConnections,
  type EngineConnections,
  foldWal,
  openConnections,
} from '../sqlite/connections.ts';
import { Engine, type Executed, positionsInWal } from '../sqlite/engine.ts';
import type { Outcome, Write } from '../sqlite/executor.ts';
import { Pins } from '../sqlite/pins.ts';
import { CheckpointCycle, needsRebuild } from './checkpoint-cycle.ts';
import type { MemberOptions } from './options.ts';
import type { Port } from './port.ts';
import {
  type AppToSql,
  type ForwardAnswer,
  type LoopToSql,
  type SqlToApp,
  type SqlToLoop,
  unpackEntries,
} from './protocol.ts';
import type { SharedState } from './shared-state.ts';
import { type QueuedWrite, WriteQueue } from './write-queue.ts';

/** Uncommitted entries on the way; at the limit writes wait in the queue until the commit index moves. */
const INFLIGHT_ENTRIES_MAX = 256;
/** Bytes of them; one entry more may pass it. */
const INFLIGHT_BYTES_MAX = 64 * 2 ** 20;
/** How often the loop is told how the database is. */
const REPORT_MS = 100;
/** A foreign process's lock, or a full disk, is tried again after this long. */
const RETRY_MS = 50;
/** Positions reported from the WAL after a crash: more than can have been in flight. */
const POSITIONS_MAX = 4 * INFLIGHT_ENTRIES_MAX;

export interface SqlThreadParts {
  readonly path: string;
  readonly cluster: string;
  readonly options: MemberOptions;
  readonly loop: Port<LoopToSql, SqlToLoop>;
  readonly app: Port<AppToSql, SqlToApp>;
  readonly shared: SharedState;
}

type Install = Extract<LoopToSql, { type: 'install' }>;

/** An open database with what keeps its WAL short. */
interface Running {
  readonly engine: Engine;
  readonly connections: EngineConnections;
  readonly pins: Pins;
  readonly checkpoints: Checkpoints;
  readonly cycle: CheckpointCycle;
}

/** The SQL thread of one member: takes writes while it leads, applies entries while it follows; never waits for the cluster. */
export class SqlThread {
  readonly #parts: SqlThreadParts;
  readonly #writes: WriteQueue;
  #opened: EngineConnections | null = null;
  #running: Running | null = null;
  #toApply: Entry[] = [];
  #committed: Index = 0;
  /** Entries that were executed and are not committed yet. */
  #inflight: { readonly index: Index; readonly bytes: number }[] = [];
  #retry: NodeJS.Timeout | null = null;
  #report: NodeJS.Timeout | null = null;
  #reported: EntryId | null = null;
  #install: Install | null = null;
  #closing = false;
  /** Everything in the database is committed. */
  #mayFold = false;

  constructor(parts: SqlThreadParts) {
    this.#parts = parts;
    this.#writes = new WriteQueue(parts.options.writeQueueMax, (queued, outcome) =>
      this.#answer(queued, outcome),
    );
  }

  start(): void {
    this.#parts.loop.listen((messages) =>
      this.#turn(() => {
        for (const message of messages) this.#fromLoop(message);
      }),
    );
    this.#parts.app.listen((messages) =>
      this.#turn(() => {
        for (const message of messages) this.#fromApp(message);
      }),
    );
    this.#turn(() => this.#open());
  }

  /** Everything that happens in this thread happens in a turn: first the messages, then the work that they made possible. */
  #turn(work: () => void): void {
    try {
      work();
      this.#work();
    } catch (error) {
      this.#fail(error);
    }
  }

  #fromApp(message: AppToSql): void {
    if (message.type === 'write') this.#writes.push({ ...message.write, from: 'app' });
    else this.#finishInstall();
  }

  #fromLoop(message: LoopToSql): void {
    switch (message.type) {
      case 'begin':
        return this.#begin(message.at, message.checksum);
      case 'apply':
        this.#toApply.push(...unpackEntries(message));
        return;
      case 'lead':
        return this.#lead(message.term);
      case 'step-down':
        return this.#stepDown();
      case 'committed':
        this.#committed = message.index;
        this.#inflight = this.#inflight.filter((entry) => entry.index > message.index);
        this.#running?.cycle.committed(message.index);
        return;
      case 'roll-back':
        return this.#rollBack(message.to);
      case 'write': {
        const { statements, id } = decodeWrite(message.handOver);
        this.#writes.push({ key: message.key, statements, id, from: 'loop' });
        return;
      }
      case 'hold-snapshot':
        return this.#holdSnapshot();
      case 'release-snapshot':
        this.#running?.cycle.resume();
        return;
      case 'install':
        this.#install = message;
        this.#parts.app.post({ type: 'close-readers' });
        return;
      case 'close':
        this.#close();
    }
  }

  // --- opening and replacing the database

  #open(): void {
    const { path, cluster, loop } = this.#parts;
    try {
      this.#opened = openConnections(path);
      const { position, wal, pageSize } = this.#opened;
      this.#parts.shared.setVisible(position.index);
      const inWal = positionsInWal(wal, cluster, POSITIONS_MAX);
      loop.post({
        type: 'opened',
        position: { term: position.term, index: position.index },
        inWal,
        pageSize,
      });
    } catch (error) {
      if (!needsRebuild(error)) throw error;
      loop.post({ type: 'unusable', error: error.toRecord() });
    }
  }

  /** The loop has found the database's place in the log. */
  #begin(at: EntryId, checksum: ChecksumValue): void {
    const running = this.#run(must(this.#opened, 'an open database'), checksum);
    this.#running = running;
    if (!running.engine.rewind(at, checksum)) {
      this.#rebuild(cannotGoBack(at));
      return;
    }
    this.#parts.loop.post({ type: 'begun', position: at });
    this.#parts.app.post({ type: 'readers-may-open' });
  }

  #run(connections: EngineConnections, checksum: ChecksumValue): Running {
    const { options, cluster, path, loop, shared } = this.#parts;
    const { term, index } = connections.position;
    const onVisible = (visible: Index, undone: boolean) => {
      if (undone) shared.noteUndone();
      shared.setVisible(visible);
    };
    const engine = new Engine(connections, { term, index }, checksum, {
      ...options,
      cluster,
      onVisible,
    });
    const pins = new Pins(path);
    const checkpoints = new Checkpoints(path, (error) => this.#fail(error));
    const cycle = new CheckpointCycle({
      engine,
      wal: connections.wal,
      pins,
      checkpoints,
      walBytes: options.checkpointWalBytes,
      onCheckpoint: (id, after) => loop.post({ type: 'checkpointed', id, checksum: after }),
      onWarning: (message) => loop.post({ type: 'warning', message }),
      onSuspensionEnded: () => loop.post({ type: 'snapshot-lost' }),
      onResume: () => this.#turn(() => {}),
    });
    cycle.committed(this.#committed);
    return { engine, connections, pins, checkpoints, cycle };
  }

  #finishInstall(): void {
    const install = this.#install;
    if (install === null) return;
    this.#install = null;
    this.#shut(() => this.#turn(() => this.#putInPlace(install)));
  }

  #putInPlace({ file, id, checksum }: Install): void {
    const { path, loop, app, shared } = this.#parts;
    for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
    renameSync(file, path);
    try {
      this.#opened = openConnections(path);
      checkPosition(this.#opened.position, id);
    } catch (error) {
      if (!needsRebuild(error)) throw error;
      this.#rebuild(error);
      return;
    }
    shared.noteUndone();
    shared.setVisible(id.index);
    this.#running = this.#run(this.#opened, checksum);
    loop.post({ type: 'installed', position: id });
    app.post({ type: 'readers-may-open' });
  }

  /** Closes the database's connections, if it is open, and goes on when the last one is closed. */
  #shut(then: () => void): void {
    const running = this.#running;
    const opened = this.#opened;
    this.#running = null;
    this.#opened = null;
    this.#toApply = [];
    if (opened === null) return then();
    const close = () => {
      running?.pins.close();
      if (this.#closing) this.#fold(opened);
      closeConnections(opened);
      this.#parts.app.post({ type: 'descriptors-left', descriptors: opened.files.descriptors });
      then();
    };
    if (running === null) return close();
    running.checkpoints.close().then(close, (error) => this.#fail(error));
  }

  // --- work

  #work(): void {
    const running = this.#running;
    if (running === null || running.cycle.pausesWork || this.#retry !== null) return;
    try {
      if (this.#toApply.length > 0) this.#apply(running);
      else this.#execute(running);
      this.#parts.shared.schema = running.engine.schemaCookie;
      running.cycle.afterWork();
      if (this.#report === null) this.#sendReport();
    } catch (error) {
      this.#workFailed(error);
    }
  }

  /** At once, and then again after a while if something has changed by then. */
  #sendReport(): void {
    this.#report = null;
    if (this.#running === null) return;
    const { engine, connections } = this.#running;
    if (engine.position === this.#reported) return;
    this.#reported = engine.position;
    this.#report = setTimeout(() => this.#sendReport(), REPORT_MS);
    const { pageSize, wal } = connections;
    this.#parts.loop.post({
      type: 'report',
      position: engine.position,
      checksum: engine.checksum,
      pageSize,
      databaseBytes: wal.databasePages * pageSize,
      walBytes: wal.bytes,
    });
  }

  #apply({ engine }: Running): void {
    if (engine.leading) return;
    const entries = this.#toApply.filter((entry) => entry.index > engine.position.index);
    this.#toApply = entries;
    if (entries.length > 0) engine.apply(entries);
    this.#toApply = [];
    this.#parts.loop.post({
      type: 'applied',
      position: engine.position,
    });
  }

  #execute(running: Running): void {
    const { engine, cycle } = running;
    while (this.#writes.size > 0 && engine.leading && !cycle.pausesWork) {
      if (this.#inflightIsFull()) return;
      const batch = this.#writes.takeBatch();
      let answered = 0;
      const done = engine.run(batch as readonly Write[], (executed, outcomes) => {
        if (executed !== null) this.#emit(executed);
        for (const outcome of outcomes) this.#answer(batch[answered++]!, outcome);
      });
      this.#writes.putBack(batch.slice(done));
      cycle.afterWork();
    }
    if (!engine.leading) this.#writes.refuseAll(notLeader());
  }

  #inflightIsFull(): boolean {
    const bytes = this.#inflight.reduce((sum, entry) => sum + entry.bytes, 0);
    return this.#inflight.length >= INFLIGHT_ENTRIES_MAX || bytes >= INFLIGHT_BYTES_MAX;
  }

  #emit({ id, data }: Executed): void {
    this.#inflight.push({ index: id.index, bytes: data.length });
    this.#parts.loop.post({ type: 'executed', id, handOver: data });
  }

  #answer({ from, key }: QueuedWrite, outcome: Outcome): void {
    if (from === 'app') this.#parts.app.post({ type: 'answer', answer: { key, ...outcome } });
    else this.#parts.loop.post({ type: 'forward-answer', key, answer: forwardAnswer(outcome) });
  }

  /** What passes by itself is tried again; what does not has to be rebuilt, or stops the member. */
  #workFailed(error: unknown): void {
    if (needsRebuild(error)) return this.#rebuild(error);
    const passing =
      error instanceof PacelineError && ['DATABASE_BUSY', 'DISK_FULL'].includes(error.code);
    if (!passing) throw error;
    this.#parts.loop.post({ type: 'warning', message: error.message });
    this.#writes.refuseAll(error);
    this.#retry = setTimeout(() => {
      this.#retry = null;
      this.#turn(() => {});
    }, RETRY_MS);
  }

  #rebuild(error: PacelineError): void {
    this.#writes.refuseAll(notLeader());
    this.#shut(() => this.#parts.loop.post({ type: 'unusable', error: error.toRecord() }));
  }

  #lead(term: number): void {
    const { engine, cycle } = this.#must();
    if (this.#toApply.length > 0) this.#apply(this.#must());
    this.#emit(engine.lead(term));
    cycle.afterWork();
  }

  #stepDown(): void {
    const running = this.#running;
    if (running === null) return;
    this.#writes.refuseAll(notLeader());
    running.engine.stepDown();
    this.#inflight = [];
    this.#parts.loop.post({ type: 'stepped-down', position: running.engine.position });
  }

  #rollBack(to: EntryId): void {
    const running = this.#must();
    if (running.engine.rollBack(to))
      return this.#parts.loop.post({ type: 'rolled-back', position: to });
    this.#rebuild(cannotGoBack(to));
  }

  #must(): Running {
    if (this.#running === null) throw new PacelineError('INTERNAL', 'the database is not open');
    return this.#running;
  }

  // --- snapshots

  #holdSnapshot(): void {
    const { cycle, connections } = this.#must();
    const { files, pageSize } = connections;
    cycle.suspend((mainFile) => {
      const bytes = fstatSync(files.mainFd).size;
      const snapshot =
        mainFile === null ? null : { ...mainFile, bytes, pageSize, fd: files.mainFd };
      this.#parts.loop.post({ type: 'snapshot-held', snapshot });
    });
  }

  // --- the end

  #close(): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#writes.refuseAll(new PacelineError('CLOSED', 'this member was closed'));
    this.#undoUncommitted();
    for (const timer of [this.#retry, this.#report]) if (timer !== null) clearTimeout(timer);
    this.#shut(() => {
      const { loop, app } = this.#parts;
      loop.post({ type: 'closed' });
      loop.close();
      app.close();
    });
  }

  #fold(connections: EngineConnections): void {
    if (this.#mayFold && !foldWal(connections))
      this.#parts.loop.post({
        type: 'warning',
        message: 'a foreign process reads the database: its WAL stays beside it',
      });
  }

  /** The last connection to close makes SQLite copy the whole WAL into the main file: only committed data may be in it then. */
  #undoUncommitted(): void {
    const running = this.#running;
    if (running === null || running.cycle.pausesWork) return;
    running.engine.stepDown();
    this.#mayFold = running.engine.undoAbove(this.#committed);
    if (!this.#mayFold)
      this.#parts.loop.post({
        type: 'warning',
        message: 'closed with entries in the database that are not known to be committed',
      });
  }

  #fail(error: unknown): void {
    const known =
      error instanceof PacelineError
        ? error
        : new PacelineError('INTERNAL', messageOf(error), { cause: error });
    this.#parts.loop.post({ type: 'fault', error: known.toRecord() });
  }
}

function checkPosition(found: EntryId, wanted: EntryId): void {
  if (found.term === wanted.term && found.index === wanted.index) return;
  throw new PacelineError(
    'DATABASE_DAMAGED',
    `the database received is at ${found.term}.${found.index}, not at ${wanted.term}.${wanted.index}`,
  );
}

function cannotGoBack({ term, index }: EntryId): PacelineError {
  const why = `the database cannot be brought back to ${term}.${index}`;
  return new PacelineError('DATABASE_DIVERGED', `${why}: its WAL no longer has what that takes`);
}

function notLeader(): PacelineError {
  return new PacelineError('NOT_LEADER', 'this member does not lead');
}

function forwardAnswer(outcome: Outcome): ForwardAnswer {
  return 'error' in outcome
    ? outcome
    : { results: encodeResults(outcome.results), position: outcome.position };
}
