import { assert } from '../base/assert.ts';
import { asPacelineError, PacelineError } from '../base/errors.ts';
import type { LogStore } from '../log-store/log-store.ts';
import type { MemberId } from '../raft/entry.ts';
import type { Message } from '../raft/message.ts';
import type { Raft } from '../raft/raft.ts';
import type { Ready } from '../raft/ready.ts';
import { decodeMessage } from '../transport/message-codec.ts';
import type { Channel, Transport } from '../transport/transport.ts';
import type { Clock } from './clock.ts';
import { CommitNews } from './commit-news.ts';
import { Compaction } from './compaction.ts';
import { DatabaseHealth } from './database-health.ts';
import { DatabaseSupply } from './database-supply.ts';
import { DatabaseTracker } from './database-tracker.ts';
import { FirstElection } from './first-election.ts';
import { checkImportIsFirst } from './import-check.ts';
import { LeaderLink } from './leader-link.ts';
import { Leadership } from './leadership.ts';
import { LogWriter } from './log-writer.ts';
import { LoopLog } from './loop-log.ts';
import { LoopReads } from './loop-reads.ts';
import { LostWrites } from './lost-writes.ts';
import { Network } from './network.ts';
import type { MemberOptions } from './options.ts';
import type { Port } from './port.ts';
import type { AppToLoop, LoopToApp, LoopToSql, SqlToLoop } from './protocol.ts';
import type { SharedState } from './shared-state.ts';
import { Shutdown } from './shutdown.ts';
import type { SnapshotFiles } from './snapshot-files.ts';
import { makeStatus } from './status.ts';
import { SteppingAside } from './stepping-aside.ts';
import { Switchover } from './switchover.ts';

export interface LoopParts {
  readonly options: MemberOptions;
  readonly cluster: string;
  readonly log: LogStore;
  /** On that log. */
  readonly raft: Raft;
  readonly sql: Port<SqlToLoop, LoopToSql>;
  readonly app: Port<AppToLoop, LoopToApp>;
  readonly shared: SharedState;
  /** From 0 to 2^32 - 1, and another one in every process of this member, as far as chance can see to that. */
  readonly incarnation: number;
  readonly incomingFile: string;
  readonly clock: Clock;
  readonly snapshotFiles: SnapshotFiles;
  /** The loop has stopped, by itself or because it was asked to: close what it used. */
  readonly onStopped: () => void;
}

/**
 * The loop of one member: takes what Raft says is to be done to the log, the network and the SQL thread, and their answers
 * back to Raft. It never touches SQLite and never waits for a disk, so nothing slow can delay a heartbeat.
 */
export class Loop {
  readonly #parts: LoopParts;
  readonly #raft: Raft;
  readonly #network = new Network();
  readonly #loopLog: LoopLog;
  readonly #tracker: DatabaseTracker;
  readonly #leaderLink: LeaderLink;
  readonly #leadership: Leadership;
  readonly #reads: LoopReads;
  readonly #compaction: Compaction;
  readonly #logWriter: LogWriter;
  readonly #supply: DatabaseSupply;
  readonly #firstElection: FirstElection;
  readonly #lost: LostWrites;
  readonly #shutdown: Shutdown;
  readonly #switchover: Switchover;
  readonly #commitNews: CommitNews;
  readonly #health: DatabaseHealth;
  readonly #steppingAside: SteppingAside;
  readonly #startedMs: number;
  #address = '';
  #stopped = false;

  constructor(parts: LoopParts) {
    const { options, log, raft, clock, sql, app } = parts;
    const [self, network] = [options.id, this.#network];
    const [post, turn] = [sql.post.bind(sql), (work: () => void) => this.#turn(work)];
    const loopLog = new LoopLog(app);
    const compaction = new Compaction(log, raft, options.logKeepBytes);
    [this.#parts, this.#startedMs, this.#raft] = [parts, clock.now(), raft];
    [this.#loopLog, this.#compaction] = [loopLog, compaction];
    const send = (message: Message) => network.sendMessage(message);
    this.#logWriter = new LogWriter({ log, raft, compaction, send, post, turn });
    const tracker = new DatabaseTracker({
      log,
      post,
      onUnfit: (why) => this.#supply.rebuild(why, false),
      onSuspect: (suspect) => this.#suspect(suspect),
    });
    const link = new LeaderLink({ ...parts, self, raft, network });
    [this.#tracker, this.#leaderLink] = [tracker, link];
    this.#reads = new LoopReads({ ...parts, network, leader: () => link.leader });
    this.#leadership = new Leadership({ ...parts, tracker, leaderLink: link, loopLog });
    this.#lost = new LostWrites({ log, post, loopLog, bytesMax: options.lostBytesMax });
    this.#supply = new DatabaseSupply({
      ...{ self, raft, log, tracker, compaction, network, post, loopLog, lost: this.#lost },
      ...{ incomingFile: parts.incomingFile, files: parts.snapshotFiles, clock },
      turn,
    });
    this.#commitNews = new CommitNews(raft, clock, turn);
    this.#firstElection = new FirstElection(self, raft, log, network, this.#startedMs);
    this.#health = new DatabaseHealth(clock, loopLog);
    const handsOver = { self, raft, tracker, network };
    this.#switchover = new Switchover({ ...handsOver, app });
    const asideParts = { health: this.#health, loopLog, delayMs: options.electionTimeoutMs };
    this.#steppingAside = new SteppingAside({ ...handsOver, ...asideParts });
    this.#shutdown = new Shutdown({
      ...{ ...handsOver, leadership: this.#leadership },
      ...{ handOverMs: options.closeTimeoutMs / 2, closeDatabase: () => post({ type: 'close' }) },
    });
  }

  /** Call once the transport listens. */
  start(transport: Transport, address: string): void {
    const { sql, app } = this.#parts;
    this.#network.attach(transport);
    this.#address = address;
    sql.listen((messages) => this.#turn(() => messages.forEach(this.#fromSql)));
    app.listen((messages) => this.#turn(() => messages.forEach(this.#fromApp)));
  }

  tick(): void {
    this.#turn(() => {
      const now = this.#parts.clock.now();
      if (this.#firstElection.mayTick(now)) this.#raft.tick();
      this.#leaderLink.tick();
      this.#reads.tick();
      this.#supply.tick(now);
      this.#steppingAside.tick(now);
    });
  }

  onFrame(from: MemberId, channel: Channel, payload: Uint8Array): void {
    this.#turn(() => {
      const now = this.#parts.clock.now();
      if (channel === 'raft') this.#step(decodeMessage(payload, from, this.#parts.options.id));
      else if (this.#leaderLink.onFrame(from, channel, payload)) return;
      else if (this.#reads.onFrame(from, channel, payload)) return;
      else if (channel === 'snapshot') this.#supply.onRequest(from, payload, now);
      else this.#supply.onReply(from, payload, now);
    });
  }

  onConnect(peer: MemberId): void {
    this.#turn(() => {
      this.#raft.peerReachable(peer);
      this.#supply.connected(peer, this.#parts.clock.now());
      this.#leaderLink.reroute();
    });
  }

  onDisconnect(peer: MemberId): void {
    this.#turn(() => {
      this.#raft.peerGone(peer);
      this.#supply.disconnected(peer, this.#parts.clock.now());
      this.#leaderLink.disconnected(peer);
      this.#reads.onDisconnect(peer);
    });
  }

  onRefused(peer: MemberId | null, error: Error): void {
    this.#loopLog.error({ peer }, error.message);
  }

  /** The log store is dead, or a thread is: this member stops, it does not carry on in an unknown state. */
  fail(error: PacelineError): void {
    if (this.#stopped) return;
    this.#parts.app.post({ type: 'failed', error: error.toRecord() });
    this.#parts.sql.post({ type: 'close' });
    this.#stop();
  }

  /** Everything happens in turns: one event, then all that follows from it. */
  #turn(work: () => void): void {
    if (this.#stopped) return;
    try {
      work();
      this.#switchover.look();
      this.#shutdown.look(this.#parts.clock.now());
      while (this.#raft.hasReady()) this.#handle(this.#raft.takeReady());
      this.#leadership.endTurn();
      this.#tracker.pump(this.#raft.commit);
      const accepts = this.#leadership.begun && this.#raft.canPropose() && !this.#shutdown.begun;
      this.#parts.shared.setAccepting(accepts && this.#tracker.leading ? this.#raft.term : null);
      this.#reads.endTurn(this.#tracker.position.index);
    } catch (error) {
      // Damaged bytes from a peer are the transport's to deal with.
      if (error instanceof PacelineError && error.code === 'RECORD_DAMAGED') throw error;
      this.fail(asPacelineError(error));
    }
  }

  /** The order is Raft's: see `Ready`. */
  #handle(ready: Ready): void {
    if (ready.truncateFrom !== null) this.#tracker.truncated(ready.truncateFrom);
    this.#logWriter.write(ready);
    for (const message of ready.messages) this.#network.sendMessage(message);
    this.#reads.note(ready);
    this.#leadership.note(ready);
    this.#commitNews.note(ready);
    if (ready.snapshotNeed === null) return;
    this.#supply.behind(ready.snapshotNeed.snapshot.index, this.#parts.clock.now());
  }

  #step(message: Message): void {
    const { options, log } = this.#parts;
    if (options.import !== null) checkImportIsFirst(log, message);
    if (!this.#lost.holdsBack(message, this.#raft.term)) this.#raft.step(message);
  }

  /** The SQL thread takes no account of the commit index while this is so. */
  #suspect(suspect: boolean): void {
    const { shared, sql } = this.#parts;
    if (shared.suspect === suspect) return;
    shared.setSuspect(suspect);
    if (!suspect && shared.wantsCommit) sql.post({ type: 'committed' });
  }

  readonly #fromSql = (message: SqlToLoop): void => {
    const { clock } = this.#parts;
    if (this.#leaderLink.fromSql(message) || this.#health.fromSql(message)) return;
    if (this.#logWriter.fromSql(message)) return;
    switch (message.type) {
      case 'opened':
        return this.#tracker.opened(message);
      case 'begun':
        return this.#tracker.begun(message.position) ? this.#sayReady() : undefined;
      case 'installed':
        this.#supply.installed(message.position);
        return this.#sayReady();
      case 'executed':
        return this.#leadership.executed(message.id, message.handOver);
      case 'applied':
      case 'rolled-back':
      case 'stepped-down':
        return this.#tracker.fromSql(message);
      case 'lost-saved':
        return this.#lost.done(message);
      case 'checkpointed':
        // Of a database that another one is to replace it says nothing about that one.
        if (!this.#tracker.open) return;
        return this.#compaction.checkpointed(message, this.#supply.logNeeds(clock.now()));
      case 'snapshot-held':
      case 'snapshot-lost':
        return this.#supply.fromSql(message);
      case 'unusable':
        return this.#supply.rebuild(message.error.message, message.received);
      case 'fault':
        return this.fail(PacelineError.fromRecord(message.error));
      case 'closed':
        assert(this.#shutdown.begun, 'closed because it was asked to');
        return this.#stop();
    }
  };

  /** Only the first time counts. */
  readonly #sayReady = () => this.#parts.app.post({ type: 'ready', address: this.#address });

  readonly #fromApp = (message: AppToLoop): void => {
    if (this.#leaderLink.fromApp(message)) return;
    if (message.type === 'transfer-leadership') this.#switchover.begin(message);
    else if (message.type === 'close') this.#shutdown.begin(this.#parts.clock.now());
    else if (message.type !== 'status') this.#reads.fromApp(message);
    else this.#parts.app.post({ type: 'status', key: message.key, status: this.#status() });
  };

  #status() {
    return makeStatus({
      ...this.#parts,
      raft: this.#raft,
      atRisk: this.#leaderLink.atRisk,
      applied: this.#tracker.position.index,
      health: this.#health,
      starting: !this.#tracker.open,
      snapshot: this.#supply.progress,
      uptimeMs: this.#parts.clock.now() - this.#startedMs,
      network: this.#network,
    });
  }

  #stop(): void {
    this.#stopped = true;
    this.#parts.shared.setAccepting(null);
    this.#supply.stop();
    this.#parts.onStopped();
  }
}
