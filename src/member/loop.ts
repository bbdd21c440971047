import { assert } from '../base/assert.ts';
import { messageOf, PacelineError } from '../base/errors.ts';
import { Prng } from '../base/prng.ts';
import type { LogStore } from '../log-store/log-store.ts';
import type { EntryId, MemberId, Term } from '../raft/entry.ts';
import type { Message } from '../raft/message.ts';
import { Raft } from '../raft/raft.ts';
import type { Ready } from '../raft/ready.ts';
import { DatabaseChecksum } from '../redo/checksum.ts';
import { decodeMessage, encodeMessage } from '../transport/message-codec.ts';
import type { Channel, Transport } from '../transport/transport.ts';
import { Compaction } from './compaction.ts';
import { DatabaseTracker } from './database-tracker.ts';
import { Forwarding } from './forwarding.ts';
import { IMPORTED } from './new-member.ts';
import type { MemberOptions } from './options.ts';
import type { Port } from './port.ts';
import type { AppToLoop, DatabaseReport, LoopToApp, LoopToSql, SqlToLoop } from './protocol.ts';
import { Settlement } from './settlement.ts';
import type { SharedState } from './shared-state.ts';
import {
  decodeSnapshotReply,
  decodeSnapshotRequest,
  encodeSnapshotReply,
  encodeSnapshotRequest,
  type SnapshotOffer,
} from './snapshot-frames.ts';
import { SnapshotReceiver } from './snapshot-receiver.ts';
import { SnapshotSender } from './snapshot-sender.ts';
import { makeStatus } from './status.ts';

/** How long a tick of Raft's clock lasts. */
export const TICK_MS = 10;
/** A follower's rank times this is how long it waits before it tries to replace a leader whose connection closed. */
const CAMPAIGN_DELAY_TICKS = 2;
/** How much later than others a member campaigns that has no history yet. */
const NEW_MEMBER_TICKS = 30;
/** How long such a member waits for the others to be there at all; then a majority has to do. */
const NEW_CLUSTER_MS = 3_000;
/** Appends on the way to one follower: enough to fill the time of a round trip with small batches. */
const INFLIGHT_MESSAGES_MAX = 128;
const INFLIGHT_BYTES_MAX = 16 * 2 ** 20;
const APPEND_BYTES_MAX = 2 ** 20;

export interface LoopParts {
  readonly options: MemberOptions;
  readonly cluster: string;
  readonly log: LogStore;
  readonly sql: Port<SqlToLoop, LoopToSql>;
  readonly app: Port<AppToLoop, LoopToApp>;
  readonly shared: SharedState;
  /** File that receives snapshots. */
  readonly incomingFile: string;
  /** Milliseconds, never going back. */
  readonly now: () => number;
  readonly seed: number;
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
  readonly #tracker: DatabaseTracker;
  readonly #forwarding: Forwarding;
  readonly #settlement = new Settlement();
  readonly #compaction: Compaction;
  readonly #sender: SnapshotSender;
  readonly #receiver: SnapshotReceiver;
  readonly #startedMs: number;
  #transport: Transport | null = null;
  #address = '';
  #leadingTerm: Term | null = null;
  #knownLeader: MemberId | null = null;
  #committed = 0;
  #report: DatabaseReport | null = null;
  /** Why the database has to come from another member; null while it need not. */
  #needsDatabase: string | null = null;
  /** A database was received, and is being put in place. */
  #installing = false;
  #ready = false;
  /** Whether all members have been connected at one time since the start. */
  #wereTogether = false;
  #stopping: 'no' | 'handing-over' | 'closing' | 'closed' = 'no';
  #handOverUntilMs = 0;

  constructor(parts: LoopParts) {
    const { options, log, now, seed } = parts;
    this.#parts = parts;
    this.#startedMs = now();
    this.#raft = new Raft(raftConfig(options, seed), log, log.hardState);
    this.#committed = this.#raft.commit;
    parts.shared.setCommitted(this.#committed);
    this.#compaction = new Compaction(log, options.logKeepBytes);
    const post = (message: LoopToSql) => parts.sql.post(message);
    this.#tracker = new DatabaseTracker({ log, post, onUnfit: (why) => this.#rebuild(why) });
    this.#forwarding = new Forwarding({
      self: options.id,
      leader: () => this.#reachableLeader(),
      send: (to, channel, frame) => this.#send(to, channel, frame),
      execute: (key, bytes) => post({ type: 'write', key, handOver: bytes.slice() }),
      answer: (key, answer) => parts.app.post({ type: 'forwarded', key, answer }),
    });
    const warn = (message: string) => this.#log('warn', {}, message);
    this.#sender = new SnapshotSender({
      hold: () => post({ type: 'hold-snapshot' }),
      release: () => post({ type: 'release-snapshot' }),
      membership: () => this.#raft.membership,
      reply: (to, frame) => this.#send(to, 'snapshot-reply', encodeSnapshotReply(frame)),
      warn,
    });
    this.#receiver = new SnapshotReceiver({
      file: parts.incomingFile,
      request: (to, frame) => this.#send(to, 'snapshot', encodeSnapshotRequest(frame)),
      onReceived: (offer) => this.#install(offer),
      onProgress: () => {},
      warn,
    });
  }

  /** Call once the transport listens. */
  start(transport: Transport, address: string): void {
    this.#transport = transport;
    this.#address = address;
    this.#parts.sql.listen((messages) =>
      this.#turn(() => {
        for (const message of messages) this.#fromSql(message);
      }),
    );
    this.#parts.app.listen((messages) =>
      this.#turn(() => {
        for (const message of messages) this.#fromApp(message);
      }),
    );
  }

  tick(): void {
    this.#turn(() => {
      const now = this.#parts.now();
      if (this.#mayCampaign(now)) this.#raft.tick();
      this.#forwarding.reroute();
      this.#sender.tick(now);
      this.#receiver.tick(now);
      this.#fetchDatabase();
      if (this.#stopping === 'handing-over' && now > this.#handOverUntilMs) this.#closeDatabase();
    });
  }

  /**
   * A cluster starts fastest if somebody campaigns as soon as all are there. A member without any history lets others go
   * first: one of them may have been given the content for a new cluster.
   */
  #mayCampaign(now: number): boolean {
    const { options, log } = this.#parts;
    const others = this.#raft.membership.filter((m) => m.id !== options.id);
    const together = others.every((m) => this.#transport?.isConnected(m.id) === true);
    const isNew = log.lastIndex === 0;
    if (together && !this.#wereTogether) {
      this.#wereTogether = true;
      const rank = this.#raft.membership.findIndex((m) => m.id === options.id);
      this.#raft.campaignIn(
        rank * CAMPAIGN_DELAY_TICKS + (isNew && others.length > 0 ? NEW_MEMBER_TICKS : 0),
      );
    }
    return (
      this.#wereTogether || !isNew || this.#raft.term > 0 || now - this.#startedMs > NEW_CLUSTER_MS
    );
  }

  // --- from the network

  onFrame(from: MemberId, channel: Channel, payload: Uint8Array): void {
    this.#turn(() => {
      const now = this.#parts.now();
      if (channel === 'raft') this.#step(decodeMessage(payload, from, this.#parts.options.id));
      else if (channel === 'forward') this.#forwarding.onForward(from, payload);
      else if (channel === 'forward-reply') this.#forwarding.onReply(from, payload);
      else if (channel === 'snapshot') this.#onSnapshotRequest(from, payload, now);
      else this.#receiver.onReply(from, decodeSnapshotReply(payload), now);
    });
  }

  #step(message: Message): void {
    if (this.#isImportOnly() && fromLeader(message))
      throw new PacelineError(
        'IMPORT_INVALID',
        `the cluster has a history already (${message.from} leads): only a new cluster can start with an imported file; empty this member's directory, and start it without`,
      );
    this.#raft.step(message);
  }

  /** This member has imported a file, and nothing has happened since. */
  #isImportOnly(): boolean {
    const { base, lastIndex } = this.#parts.log;
    if (this.#parts.options.import === null) return false;
    return base.index === IMPORTED.index && base.term === IMPORTED.term && lastIndex === base.index;
  }

  onConnect(peer: MemberId): void {
    this.#turn(() => {
      this.#raft.peerReachable(peer);
      this.#forwarding.reroute();
    });
  }

  onDisconnect(peer: MemberId): void {
    this.#turn(() => {
      this.#raft.peerGone(peer);
      this.#forwarding.disconnected(peer);
      if (this.#stopping === 'handing-over' && !this.#hasSuccessor()) this.#closeDatabase();
    });
  }

  onRefused(peer: MemberId | null, error: Error): void {
    this.#log('error', { peer }, error.message);
  }

  /** The log store is dead, or a thread is: this member stops, it does not carry on in an unknown state. */
  fail(error: PacelineError): void {
    if (this.#stopping === 'closed') return;
    this.#stopping = 'closed';
    this.#parts.shared.accepting = false;
    this.#parts.app.post({ type: 'failed', error: error.toRecord() });
    this.#parts.sql.post({ type: 'close' });
    this.#parts.onStopped();
  }

  /** Everything happens in turns: one event, then all that follows from it. */
  #turn(work: () => void): void {
    if (this.#stopping === 'closed') return;
    try {
      work();
      while (this.#raft.hasReady()) this.#handle(this.#raft.takeReady());
      this.#tracker.pump(this.#raft.commit);
      this.#parts.shared.accepting =
        this.#tracker.leading && this.#raft.canPropose() && this.#stopping === 'no';
    } catch (error) {
      if (error instanceof PacelineError && error.code === 'RECORD_DAMAGED') throw error;
      this.fail(asFailure(error));
    }
  }

  // --- what Raft wants done

  #handle(ready: Ready): void {
    if (ready.truncateFrom !== null) this.#tracker.truncated(ready.truncateFrom);
    this.#write(ready);
    for (const message of ready.messages) this.#sendMessage(message);
    this.#noteRole(ready);
    if (ready.commit > this.#committed) this.#noteCommit(ready.commit);
    if (ready.snapshotNeed !== null) {
      this.#needsDatabase ??= 'the leader’s log no longer has what this member lacks';
      this.#fetchDatabase();
    }
  }

  #write({ truncateFrom, entries, hardState, afterDurable }: Ready): void {
    if (
      truncateFrom === null &&
      entries.length === 0 &&
      hardState === null &&
      afterDurable.length === 0
    )
      return;
    const last = entries.at(-1);
    for (const entry of entries) this.#compaction.appended(entry.data.length);
    this.#parts.log.write({ truncateFrom, entries, hardState }, () =>
      this.#turn(() => {
        for (const message of afterDurable) this.#sendMessage(message);
        if (last !== undefined) this.#raft.durable({ term: last.term, index: last.index });
      }),
    );
  }

  #noteRole({ role, term, leader }: Ready): void {
    const leads = role === 'leader';
    if (this.#leadingTerm !== null && (!leads || this.#leadingTerm !== term))
      this.#loseLeadership(this.#leadingTerm);
    if (leads && this.#leadingTerm === null) {
      this.#leadingTerm = term;
      this.#tracker.elected(term);
    }
    if (leader === this.#knownLeader) return;
    this.#knownLeader = leader;
    this.#log('info', { term, leader, role }, leader === null ? 'no leader' : `${leader} leads`);
    this.#forwarding.reroute();
    if (this.#stopping === 'handing-over' && !leads) this.#closeDatabase();
  }

  #loseLeadership(term: Term): void {
    this.#leadingTerm = null;
    this.#parts.shared.accepting = false;
    this.#settlement.open(term);
    this.#tracker.stopLeading();
    this.#forwarding.lostLeadership();
  }

  #noteCommit(commit: number): void {
    const { shared, sql, app, log } = this.#parts;
    this.#committed = commit;
    shared.setCommitted(commit);
    sql.post({ type: 'committed', index: commit });
    const settled = this.#settlement.settle(log, commit);
    if (settled !== null) app.post({ type: 'settled', ...settled });
    if (this.#leadingTerm !== null) app.post({ type: 'committed', index: commit });
    this.#forwarding.committed(commit);
  }

  #sendMessage(message: Message): void {
    this.#send(message.to, 'raft', encodeMessage(message));
  }

  #send(to: MemberId, channel: Channel, parts: readonly Uint8Array[]): boolean {
    return this.#transport?.send(to, channel, parts) ?? false;
  }

  #reachableLeader(): MemberId | null {
    const { shared, options } = this.#parts;
    const { leader } = this.#raft;
    if (leader === options.id) return shared.accepting ? leader : null;
    return leader !== null && this.#transport?.isConnected(leader) === true ? leader : null;
  }

  // --- from the SQL thread

  #fromSql(message: SqlToLoop): void {
    switch (message.type) {
      case 'opened':
        return this.#tracker.opened(message);
      case 'begun':
        this.#tracker.begun(message.position);
        return this.#becomeReady();
      case 'installed':
        return this.#installed(message.position);
      case 'executed':
        return this.#executed(message.id, message.handOver);
      case 'forward-answer':
        return this.#forwarding.executed(message.key, message.answer, this.#raft.commit);
      case 'applied':
        return this.#tracker.fromSql(message);
      case 'stepped-down':
        this.#tracker.fromSql(message);
        return this.#handOver();
      case 'rolled-back':
        return this.#tracker.fromSql(message);
      case 'checkpointed':
        return this.#compaction.checkpointed(
          message.id,
          message.checksum,
          this.#raft.membership,
          this.#neededIndex(),
        );
      case 'report':
        this.#report = message;
        return;
      case 'snapshot-held':
        return this.#sender.onHeld(message.snapshot);
      case 'snapshot-lost':
        return this.#sender.drop();
      case 'unusable':
        return this.#rebuild(message.error.message);
      case 'warning':
        return this.#log('warn', {}, message.message);
      case 'fault':
        return this.fail(PacelineError.fromRecord(message.error));
      case 'closed':
        return this.#finishClosing();
    }
  }

  #executed(id: EntryId, data: Uint8Array): void {
    if (id.term !== this.#raft.term || !this.#raft.canPropose()) return;
    this.#raft.propose({ ...id, membership: null, data });
    this.#tracker.proposed(id);
  }

  #becomeReady(): void {
    if (this.#ready) return;
    this.#ready = true;
    this.#parts.app.post({ type: 'ready', address: this.#address });
  }

  /** The first index that some follower still needs of the log. */
  #neededIndex(): number {
    let needed = this.#sender.neededIndex;
    for (const { match } of this.#raft.progress().values()) needed = Math.min(needed, match + 1);
    return needed;
  }

  // --- a database from another member

  #rebuild(why: string): void {
    this.#tracker.closed();
    this.#sender.drop();
    if (this.#parts.log.baseMembership.length < 2)
      throw new PacelineError(
        'DATABASE_DAMAGED',
        `${why}; there is no other member to copy it from: restore a backup`,
      );
    this.#log('warn', {}, `the database is fetched from the leader: ${why}`);
    this.#needsDatabase = why;
    this.#installing = false;
  }

  #fetchDatabase(): void {
    if (this.#needsDatabase === null || this.#installing) return;
    const { leader } = this.#raft;
    if (leader === this.#parts.options.id) {
      if (this.#raft.canPropose()) this.#raft.transferLeadership(null);
    } else if (leader !== null) this.#receiver.fetch(leader, this.#parts.now());
  }

  #onSnapshotRequest(from: MemberId, payload: Uint8Array, now: number): void {
    const request = decodeSnapshotRequest(payload);
    if (this.#tracker.leading) this.#sender.onRequest(from, request, now);
    else this.#send(from, 'snapshot-reply', encodeSnapshotReply({ type: 'gone' }));
  }

  #install(offer: SnapshotOffer): void {
    const { log, sql, incomingFile } = this.#parts;
    const { id, checksum, membership } = offer;
    const known = log.term(id.index) === id.term;
    if (!known && !this.#raft.needsSnapshot(id)) return;
    this.#installing = true;
    this.#tracker.closed();
    const go = () => sql.post({ type: 'install', file: incomingFile, id, checksum });
    if (known) return go();
    // A crash before the database is in place leaves one that does not fit the log: it is fetched again.
    log.reset({ id, membership, extra: new DatabaseChecksum(checksum).toBytes() }, go);
    this.#raft.restored(id, membership);
    this.#compaction.reset();
  }

  #installed(position: EntryId): void {
    this.#needsDatabase = null;
    this.#installing = false;
    this.#log('info', { position }, 'the database was fetched and takes part again');
    this.#tracker.begun(position);
    this.#becomeReady();
  }

  // --- from the application's thread

  #fromApp(message: AppToLoop): void {
    if (message.type === 'forward') this.#forwarding.forward(message.key, message.bytes);
    else if (message.type === 'cancel') this.#forwarding.cancel(message.key);
    else if (message.type === 'close') this.#beginClosing();
    else this.#parts.app.post({ type: 'status', key: message.key, status: this.status() });
  }

  status() {
    const { options, cluster, log, now } = this.#parts;
    return makeStatus({
      options,
      cluster,
      log,
      raft: this.#raft,
      applied: this.#tracker.position.index,
      report: this.#report,
      starting: !this.#tracker.open,
      snapshot: this.#receiver.progress,
      uptimeMs: now() - this.#startedMs,
      isConnected: (id) => this.#transport?.isConnected(id) ?? false,
    });
  }

  // --- the end

  /** A leader hands over before it goes, so that nobody has to find out. */
  #beginClosing(): void {
    if (this.#stopping !== 'no') return;
    const { options, now } = this.#parts;
    this.#stopping = 'handing-over';
    this.#handOverUntilMs = now() + options.closeTimeoutMs / 2;
    if (!this.#hasSuccessor() || !this.#tracker.leading) return this.#closeDatabase();
    this.#tracker.stopLeading();
  }

  #hasSuccessor(): boolean {
    const others = this.#raft.membership.filter((m) => m.voter && m.id !== this.#parts.options.id);
    return others.some((m) => this.#transport?.isConnected(m.id) === true);
  }

  #handOver(): void {
    if (this.#stopping !== 'handing-over' || !this.#raft.canPropose()) return;
    this.#raft.transferLeadership(null);
  }

  #closeDatabase(): void {
    if (this.#stopping !== 'handing-over') return;
    this.#stopping = 'closing';
    this.#parts.sql.post({ type: 'close' });
  }

  #finishClosing(): void {
    assert(this.#stopping === 'closing', 'closed because it was asked to');
    this.#stopping = 'closed';
    this.#receiver.stop();
    this.#parts.onStopped();
  }

  #log(level: 'debug' | 'info' | 'warn' | 'error', fields: object, message: string): void {
    this.#parts.app.post({ type: 'log', level, fields, message });
  }
}

function fromLeader({ type }: Message): boolean {
  return type === 'append-request' || type === 'heartbeat-request' || type === 'snapshot-request';
}

function raftConfig(options: MemberOptions, seed: number) {
  return {
    id: options.id,
    electionTicks: Math.ceil(options.electionTimeoutMs / TICK_MS),
    heartbeatTicks: Math.max(1, Math.floor(options.heartbeatMs / TICK_MS)),
    campaignDelayTicks: CAMPAIGN_DELAY_TICKS,
    inflightMessagesMax: INFLIGHT_MESSAGES_MAX,
    inflightBytesMax: INFLIGHT_BYTES_MAX,
    appendBytesMax: APPEND_BYTES_MAX,
    prng: new Prng(seed),
  };
}

function asFailure(error: unknown): PacelineError {
  if (error instanceof PacelineError) return error;
  const detail = error instanceof Error ? error.stack : undefined;
  return new PacelineError(
    'INTERNAL',
    `${messageOf(error)}; this is a bug: please report it${detail === undefined ? '' : `\n${detail}`}`,
    { cause: error },
  );
}
