import { decodeWrite } from '../api/wire.ts';
import { asPacelineError, PacelineError } from '../base/errors.ts';
import type { Entry, Index } from '../raft/entry.ts';
import type { Executed } from '../sqlite/engine.ts';
import type { Outcome } from '../sqlite/executor.ts';
import type { Clock, Timer } from './clock.ts';
import type { DatabaseHome } from './database-home.ts';
import { DatabaseSlot, needsRebuild } from './database-slot.ts';
import { Inflight } from './inflight.ts';
import type { MemberOptions } from './options.ts';
import { PlainAnswerLists } from './plain-answers.ts';
import type { Port } from './port.ts';
import {
  type AppToSql,
  eachWrite,
  type LoopToSql,
  type SqlToApp,
  type SqlToLoop,
  unpackEntries,
} from './protocol.ts';
import { tellReaders } from './reader-news.ts';
import { Reporter } from './reporter.ts';
import type { RunningDatabase } from './running-database.ts';
import type { SharedState } from './shared-state.ts';
import { forwardAnswer, notLeader } from './sql-answers.ts';
import { type QueuedWrite, WriteQueue } from './write-queue.ts';

/** A foreign process's lock, or a full disk, is tried again after this long. */
const RETRY_MS = 50;
/** Troubles that pass by themselves. */
const PASSING = ['DATABASE_BUSY', 'DISK_FULL'];

export interface SqlThreadParts {
  readonly home: DatabaseHome;
  readonly cluster: string;
  readonly options: MemberOptions;
  readonly loop: Port<LoopToSql, SqlToLoop>;
  readonly app: Port<AppToSql, SqlToApp>;
  readonly shared: SharedState;
  readonly clock: Clock;
}

/** The SQL thread of one member: takes writes while it leads, applies entries while it follows; never waits for the cluster. */
export class SqlThread {
  readonly #parts: SqlThreadParts;
  readonly #writes: WriteQueue;
  readonly #slot: DatabaseSlot;
  readonly #reporter: Reporter;
  readonly #inflight = new Inflight();
  #deferred: LoopToSql[] = [];
  #toApply: Entry[] = [];
  #committed: Index = 0;
  #retry: Timer | null = null;
  #closing = false;

  constructor(parts: SqlThreadParts) {
    const { loop, app, options } = parts;
    this.#parts = parts;
    this.#writes = new WriteQueue(options.writeQueueMax, (write, outcome) =>
      this.#answer(write, outcome),
    );
    this.#slot = new DatabaseSlot({
      ...parts,
      tellLoop: (message) => loop.post(message),
      tellApp: (message) => app.post(message),
      onCheckpoint: (id, checksum) => loop.post({ type: 'checkpointed', id, checksum }),
      onWarning: (message) => this.#warn(message),
      onSuspensionEnded: () => loop.post({ type: 'snapshot-lost' }),
      turn: (work) => this.#turn(work),
      onFailure: (error) => this.#fail(error),
    });
    this.#reporter = new Reporter(
      parts.clock,
      () => this.#slot.running,
      (report) => loop.post(report),
    );
  }

  start(): void {
    const { loop, app } = this.#parts;
    loop.listen((messages) => this.#turn(() => messages.forEach(this.#order)));
    app.listen((messages) => this.#turn(() => messages.forEach(this.#fromApp)));
    this.#turn(() => this.#slot.open());
  }

  /** Everything that happens in this thread happens in a turn: first the messages, then the work that they made possible. */
  #turn(work: () => void): void {
    try {
      this.#lookAtCommit();
      work();
      this.#takeDeferred();
      this.#work();
      this.#reporter.look();
      tellReaders(this.#slot.running, this.#parts);
      this.#askForCommit();
    } catch (error) {
      this.#failed(error);
    }
  }

  /**
   * True if the commit index has moved. While the database may hold what the log has not, it says nothing about what is
   * here: entries of a later leader may be meant. That is looked at second, since the loop notes it first.
   */
  #lookAtCommit(): boolean {
    const { shared } = this.#parts;
    const committed = shared.committedAfter(this.#committed);
    if (committed <= this.#committed || shared.suspect) return false;
    this.#committed = committed;
    this.#inflight.committed(committed);
    this.#slot.running?.cycle.committed(committed);
    return true;
  }

  /** Says whether this thread waits for the commit index; if it moved just before that was said, nobody else would tell. */
  #askForCommit(): void {
    const { running } = this.#slot;
    const full = this.#inflight.full && this.#writes.size > 0;
    this.#parts.shared.wantsCommit = full || running?.cycle.pausesWork === true;
    if (this.#parts.shared.wantsCommit && this.#lookAtCommit()) this.#turn(() => {});
  }

  /** Orders about the database wait, in their order, while a checkpoint has SQLite's writer lock. */
  readonly #order = (message: LoopToSql): void => {
    if (this.#slot.running?.cycle.unlocked === true || this.#deferred.length > 0)
      this.#deferred.push(message);
    else this.#fromLoop(message);
  };

  #takeDeferred(): void {
    while (this.#deferred.length > 0 && this.#slot.running?.cycle.unlocked !== true)
      this.#fromLoop(this.#deferred.shift()!);
  }

  readonly #fromApp = (message: AppToSql): void => {
    if (message.type === 'readers-closed') this.#slot.readersClosed();
    else for (const write of eachWrite(message.flat)) this.#writes.push({ ...write, from: 'app' });
  };

  readonly #fromLoop = (message: LoopToSql): void => {
    switch (message.type) {
      case 'begin':
        this.#slot.begin(message.at, message.checksum);
        this.#slot.running?.cycle.committed(this.#committed);
        return;
      case 'apply':
        this.#toApply.push(...unpackEntries(message));
        return;
      case 'lead':
        return this.#lead(message.term);
      case 'step-down':
        return this.#stepDown();
      case 'committed':
        return; // taken into account in every turn
      case 'roll-back':
        return this.#slot.rollBack(message.to);
      case 'write':
        this.#writes.push({ ...decodeWrite(message.handOver), key: message.key, from: 'loop' });
        return;
      case 'hold-snapshot':
        return this.#holdSnapshot(message.atLeast);
      case 'release-snapshot':
        this.#slot.running?.cycle.resume();
        return;
      case 'install':
        this.#toApply = [];
        return this.#slot.install(message);
      case 'close':
        this.#close();
    }
  };

  #work(): void {
    const { running } = this.#slot;
    if (running === null) return this.#writes.refuseAll(notLeader());
    if (this.#retry !== null) return;
    running.cycle.afterWork();
    if (running.cycle.pausesWork) return;
    if (this.#toApply.length > 0) this.#apply(running);
    else this.#execute(running);
    this.#parts.shared.schema = running.engine.schemaCookie;
    running.cycle.afterWork();
  }

  #apply({ engine }: RunningDatabase): void {
    if (engine.leading) return;
    this.#toApply = this.#toApply.filter((entry) => entry.index > engine.position.index);
    if (this.#toApply.length > 0) engine.apply(this.#toApply);
    this.#toApply = [];
    this.#parts.loop.post({ type: 'applied', position: engine.position });
  }

  #execute({ engine, cycle }: RunningDatabase): void {
    if (!engine.leading) return this.#writes.refuseAll(notLeader());
    while (this.#writes.size > 0 && !cycle.pausesWork && !this.#inflight.full) {
      const batch = this.#writes.takeBatch();
      let answered = 0;
      try {
        engine.run(batch, (executed, outcomes) => {
          if (executed !== null) this.#emit(executed);
          this.#answerAll(batch.slice(answered, answered + outcomes.length), outcomes);
          answered += outcomes.length;
        });
      } finally {
        this.#writes.putBack(batch.slice(answered));
      }
      cycle.afterWork();
    }
  }

  #emit({ id, data }: Executed): void {
    this.#inflight.add(id.index, data.length);
    this.#parts.loop.post({ type: 'executed', id, handOver: data });
    this.#parts.loop.flush();
  }

  #answerAll(writes: readonly QueuedWrite[], outcomes: readonly Outcome[]): void {
    const plain = new PlainAnswerLists();
    for (const [i, outcome] of outcomes.entries()) {
      const write = writes[i]!;
      if (write.from !== 'app' || !plain.take(write.key, outcome)) this.#answer(write, outcome);
    }
    for (const answers of plain.lists()) this.#parts.app.post(answers);
  }

  #answer({ from, key }: QueuedWrite, outcome: Outcome): void {
    const { app, loop } = this.#parts;
    if (from === 'app') app.post({ type: 'answer', answer: { key, ...outcome } });
    else loop.post({ type: 'forward-answer', key, answer: forwardAnswer(outcome) });
  }

  /** What passes by itself is tried again; what does not has to be rebuilt, or stops the member. */
  #failed(error: unknown): void {
    if (needsRebuild(error)) {
      this.#toApply = [];
      this.#slot.rebuild(error);
      return;
    }
    if (!(error instanceof PacelineError) || !PASSING.includes(error.code)) {
      this.#fail(error);
      return;
    }
    this.#warn(error.message);
    this.#writes.refuseAll(error);
    this.#retry ??= this.#parts.clock.later(() => {
      this.#retry = null;
      this.#turn(() => {});
    }, RETRY_MS);
  }

  /** Without a database an order about it is void: the loop is about to learn that there is none. */
  #lead(term: number): void {
    const { running } = this.#slot;
    if (running === null) return;
    if (this.#toApply.length > 0) this.#apply(running);
    this.#emit(running.engine.lead(term));
    running.cycle.afterWork();
  }

  #stepDown(): void {
    const { running } = this.#slot;
    if (running === null) return;
    this.#writes.refuseAll(notLeader());
    this.#inflight.clear();
    running.engine.stepDown();
    this.#parts.loop.post({ type: 'stepped-down', position: running.engine.position });
  }

  #holdSnapshot(atLeast: Index): void {
    const { running } = this.#slot;
    if (running === null) return this.#parts.loop.post({ type: 'snapshot-held', snapshot: null });
    const { cycle, database } = running;
    cycle.suspend(atLeast, (mainFile) => {
      const { pageSize } = database;
      const held = mainFile === null ? null : { ...mainFile, ...database.mainFile(), pageSize };
      this.#parts.loop.post({ type: 'snapshot-held', snapshot: held });
    });
  }

  #close(): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#writes.refuseAll(notLeader());
    this.#retry?.cancel();
    this.#reporter.stop();
    this.#slot.close(this.#committed, () => {
      const { loop, app } = this.#parts;
      loop.post({ type: 'closed' });
      loop.close();
      app.close();
    });
  }

  #warn(message: string): void {
    this.#parts.loop.post({ type: 'warning', message });
  }

  #fail(error: unknown): void {
    this.#parts.loop.post({ type: 'fault', error: asPacelineError(error).toRecord() });
  }
}
