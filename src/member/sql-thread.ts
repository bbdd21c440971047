import { asPacelineError } from '../base/errors.ts';
import type { Entry, Term } from '../raft/entry.ts';
import type { Executed } from '../sqlite/engine-parts.ts';
import type { CheckpointCycle } from './checkpoint-cycle.ts';
import type { Clock } from './clock.ts';
import { CommitWatch } from './commit-watch.ts';
import type { DatabaseHome } from './database-home.ts';
import { DatabaseSlot } from './database-slot.ts';
import { eachWrite } from './flat-writes.ts';
import { readForwarded } from './forwarded-write.ts';
import { Inflight } from './inflight.ts';
import { saveLost } from './lost-saver.ts';
import { OpenTransactions } from './open-transactions.ts';
import type { MemberOptions } from './options.ts';
import { Orders } from './orders.ts';
import { unpackBytes } from './packed-bytes.ts';
import { unpackEntries } from './packed-entries.ts';
import type { Port } from './port.ts';
import type { AppToSql, ForwardedOrders, LoopToSql, SqlToApp, SqlToLoop } from './protocol.ts';
import { tellReaders } from './reader-news.ts';
import { Reporter } from './reporter.ts';
import type { RunningDatabase } from './running-database.ts';
import type { SharedState } from './shared-state.ts';
import { notLeader, SqlAnswers } from './sql-answers.ts';
import { SqlFailures } from './sql-failures.ts';
import { WriteQueue } from './write-queue.ts';

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
  readonly #answers: SqlAnswers;
  readonly #writes: WriteQueue;
  readonly #slot: DatabaseSlot;
  readonly #reporter: Reporter;
  readonly #transactions: OpenTransactions;
  readonly #failures: SqlFailures;
  readonly #commit: CommitWatch;
  readonly #inflight = new Inflight();
  readonly #orders = new Orders({
    carryOut: (order) => this.#fromLoop(order),
    mustWait: () => this.#failures.pause || this.#slot.running?.cycle.unlocked === true,
  });
  #toApply: Entry[] = [];
  #toLead: Term | null = null;
  /** Low bits of the term that this thread led last. */
  #term = 0;
  #closing = false;
  /** Leadership is to be given up as soon as the transaction that is open has ended. */
  #leaving = false;

  constructor(parts: SqlThreadParts) {
    const { clock, home, loop, app } = parts;
    const tellLoop = (message: SqlToLoop) => loop.post(message);
    const turn = (work: () => void) => this.#turn(work);
    this.#parts = parts;
    this.#answers = new SqlAnswers(app, loop);
    this.#commit = new CommitWatch(parts.shared, (index) => {
      this.#inflight.committed(index);
      this.#slot.running?.cycle.committed(index);
    });
    this.#writes = new WriteQueue(this.#answers.refuse);
    this.#slot = new DatabaseSlot({
      ...{ ...parts, tellLoop, turn },
      tellApp: (message) => app.post(message),
      onKeep: (index) => loop.post({ type: 'keep-commit', index }),
      onCheckpoint: (id, checksum) => loop.post({ type: 'checkpointed', id, checksum }),
      onWarning: (message) => loop.post({ type: 'warning', message }),
      onHoldEnded: () => loop.post({ type: 'snapshot-lost' }),
      onFailure: (error) => loop.post({ type: 'fault', error: asPacelineError(error).toRecord() }),
    });
    this.#failures = new SqlFailures({
      ...{ clock, tellLoop },
      rebuild: (error) => {
        this.#toApply = [];
        this.#toLead = null;
        this.#slot.rebuild(error);
      },
      refuse: (error) => this.#writes.refuseAll(() => error),
      tryAgain: () => this.#turn(() => {}),
    });
    this.#transactions = new OpenTransactions({
      ...{ clock, tellLoop, turn, queue: this.#writes },
      engine: () => this.#slot.running?.engine ?? null,
      emit: (executed) => this.#emit(executed),
      refused: (error) => this.#failures.refused([{ error: error.toRecord() }]),
    });
    this.#reporter = new Reporter(clock, home, () => this.#slot.running, tellLoop);
  }

  start(): void {
    this.#parts.loop.listen((messages) => this.#turn(() => messages.forEach(this.#orders.take)));
    this.#parts.app.listen((messages) => this.#turn(() => messages.forEach(this.#fromApp)));
    this.#turn(() => this.#slot.open());
  }

  /** Everything that happens in this thread happens in a turn: first the messages, then the work that they made possible. */
  #turn(work: () => void): void {
    try {
      this.#commit.look();
      work();
      if (!this.#failures.pause) this.#slot.look();
      this.#orders.carryOut();
      if (this.#failures.pause && this.#orders.takeClose()) this.#close();
      this.#transactions.look();
      if (this.#leaving) this.#leave();
      this.#work();
      this.#reporter.look();
      tellReaders(this.#slot.running, this.#parts);
      this.#failures.turnEnded(this.#slot.running?.engine.leading === true);
      this.#askForCommit();
    } catch (error) {
      this.#failures.handle(error);
    }
  }

  #askForCommit(): void {
    const full = this.#inflight.full && this.#writes.size > 0;
    const waits = full || this.#slot.running?.cycle.pausesWork === true;
    if (this.#commit.wait(waits)) this.#turn(() => {});
  }

  readonly #fromApp = (message: AppToSql): void => {
    if (message.type === 'readers-closed') this.#slot.readersClosed();
    else if (message.type === 'take-back') {
      if (this.#writes.takeBack(message.key)) this.#answers.takenBack(message.key);
    } else
      for (const write of eachWrite(message.flat))
        if (message.term === this.#term) this.#writes.push(write);
        else this.#answers.refuse(write, notLeader());
  };

  readonly #fromLoop = (message: LoopToSql): void => {
    switch (message.type) {
      case 'begin':
        this.#slot.begin(message.at, message.checksum);
        return this.#slot.running?.cycle.committed(this.#commit.committed);
      case 'apply':
        return void this.#toApply.push(...unpackEntries(message));
      case 'lead':
        // Void without a database: the loop is about to learn of that.
        if (this.#slot.running !== null) this.#toLead = message.term;
        return;
      case 'step-down':
        this.#toLead = null;
        this.#leaving = true;
        if (!message.gently) this.#transactions.abortAll('this leader lost its leadership');
        return this.#leave();
      case 'committed':
        return; // taken into account in every turn
      case 'roll-back':
        return this.#slot.rollBack(message.to);
      case 'forwarded-writes':
        return this.#forwarded(message);
      case 'save-lost':
        return this.#parts.loop.post(saveLost(message, this.#slot.running, this.#parts));
      case 'transaction':
        return this.#transactions.take(message);
      case 'drop-transactions':
        return this.#transactions.drop(message.from);
      case 'commit-kept':
        return this.#slot.running?.cycle.kept(message.index);
      case 'hold-snapshot':
        return this.#slot.hold(message);
      case 'release-snapshot':
        return this.#slot.running?.cycle.letGo();
      case 'install':
        this.#toApply = [];
        this.#toLead = null;
        return this.#slot.install(message);
      case 'close':
        this.#close();
    }
  };

  #forwarded({ keys, mayBeLost, ...packed }: ForwardedOrders): void {
    for (const [i, bytes] of unpackBytes(packed).entries()) {
      const write = readForwarded(keys[i]!, bytes, mayBeLost[i]!, this.#answers.refuse);
      if (write?.asks === true) this.#transactions.abandon(write.id);
      if (write !== null) this.#writes.push(write);
    }
  }

  #work(): void {
    const { running } = this.#slot;
    if (running === null) return this.#writes.refuseAll(notLeader);
    if (this.#failures.pause) return;
    running.cycle.afterWork();
    if (running.cycle.pausesWork) return;
    running.engine.lock(); // also while there is nothing to do: foreign writers stay out
    const applies = this.#toApply.length > 0;
    if (applies) this.#apply(running);
    if (this.#toLead !== null) this.#lead(running, this.#toLead);
    if (!applies || running.engine.leading) this.#execute(running);
    this.#parts.shared.schema = running.engine.schemaCookie;
    running.cycle.afterWork();
  }

  #apply(running: RunningDatabase): void {
    if (running.engine.leading) return;
    running.apply(this.#toApply);
    this.#toApply = [];
    this.#parts.loop.post({ type: 'applied', position: running.engine.position });
  }

  #execute({ engine, cycle }: RunningDatabase): void {
    if (!engine.leading) return this.#writes.refuseAll(notLeader);
    while (this.#mayRun(cycle)) {
      const transaction = this.#writes.takeTransaction();
      if (transaction !== null) {
        this.#transactions.start(transaction, engine);
        continue;
      }
      const batch = this.#writes.takeBatch();
      let answered = 0;
      try {
        engine.run(batch, (executed, outcomes) => {
          if (executed !== null) this.#emit(executed);
          else this.#failures.refused(outcomes);
          this.#answers.answerAll(batch.slice(answered, answered + outcomes.length), outcomes);
          answered += outcomes.length;
        });
      } finally {
        this.#writes.putBack(batch.slice(answered));
      }
      cycle.afterWork();
    }
  }

  #mayRun({ pausesWork }: CheckpointCycle): boolean {
    const waits = pausesWork || this.#inflight.full || this.#transactions.busy;
    return this.#writes.size > 0 && !waits;
  }

  #emit({ id, data }: Executed): void {
    this.#failures.committed();
    this.#inflight.add(id.index, data.length);
    this.#parts.loop.post({ type: 'executed', id, handOver: data });
    this.#parts.loop.flush();
  }

  /** Stays ordered until it is done: the disk may be full, or a foreign process have the lock. */
  #lead(running: RunningDatabase, term: Term): void {
    this.#emit(running.lead(term));
    this.#term = term | 0;
    this.#toLead = null;
    running.cycle.afterWork();
  }

  #leave(): void {
    const { running } = this.#slot;
    this.#writes.refuseAll(notLeader);
    if (this.#transactions.busy) return;
    this.#leaving = false;
    if (running === null) return;
    this.#inflight.clear();
    running.engine.stepDown();
    this.#parts.loop.post({ type: 'stepped-down', position: running.engine.position });
  }

  #close(): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#writes.refuseAll(notLeader);
    this.#transactions.abortAll('this member was closed');
    this.#failures.stop();
    this.#reporter.stop();
    this.#slot.close(this.#commit.committed, () => {
      const { loop, app } = this.#parts;
      loop.post({ type: 'closed' });
      loop.close();
      app.close();
    });
  }
}
