import { assert } from '../base/assert.ts';
import { onDurable } from './commit.ts';
import { type RaftConfig, resolveConfig } from './config.ts';
import { HINTED_TRIES_MAX, onLeaderGone, tickElection } from './election.ts';
import type { Entry, EntryId, HardState, Index, MemberId, Membership, Term } from './entry.ts';
import { tickLeader } from './leader-tick.ts';
import { leaseTicks } from './lease.ts';
import { RaftLog } from './log.ts';
import type { LogView } from './log-view.ts';
import { MembershipHistory } from './membership.ts';
import type { Message } from './message.ts';
import type { ProgressState } from './progress.ts';
import { readIndex, tickAskedReads } from './read-index.ts';
import type { Ready, Role } from './ready.ts';
import { receive } from './receive.ts';
import { checkMembershipChange, propose } from './replication.ts';
import { restartElectionTimer } from './role.ts';
import { needsSnapshot, onRestored } from './snapshot.ts';
import type { RaftState } from './state.ts';
import { hasReady, takeReady } from './take-ready.ts';
import { transferLeadership } from './transfer.ts';

/** A leader's view of one follower, for the operator. */
export interface FollowerProgress {
  readonly match: Index;
  readonly next: Index;
  readonly state: ProgressState;
  readonly inflightEntries: number;
  readonly inflightBytes: number;
}

/**
 * One member's part in agreeing on a log of opaque bytes: Raft as in Ongaro's dissertation, with
 * pre-vote, check-quorum, learners, leadership transfer and read-index. Pure: time comes in as
 * ticks, chance from the configuration, and all effects go out through `takeReady`.
 *
 * After any call, take a Ready while there is one and do what ready.ts says. A Ready with
 * `afterDurable` but nothing to write still waits for the writes before it.
 */
export class Raft {
  readonly #state: RaftState;

  /** Throws OPTIONS_INVALID. Reads the log once, for the membership. */
  constructor(config: RaftConfig, logView: LogView, hardState: HardState) {
    const resolved = resolveConfig(config);
    const log = new RaftLog(logView);
    const commit = Math.max(log.base.index, Math.min(hardState.commit, log.lastIndex));
    this.#state = {
      config: resolved,
      log,
      memberships: new MembershipHistory(logView),
      outbox: emptyOutbox(hardState, commit),
      // Not from 0: an answer to a request of before a restart must not pass for a new one.
      asking: { nextRequest: resolved.prng.next(), waiting: [], sent: new Map() },
      role: 'follower',
      // Of a torn write the entries may be there and the hard state behind them not: no vote was
      // given then.
      term: Math.max(hardState.term, log.last.term),
      vote: hardState.term >= log.last.term ? hardState.vote : null,
      leader: null,
      commit,
      electionElapsed: 0,
      leaderSilentTicks: 0,
      promisedTicks: resolved.promisedTicks,
      electionTimeout: 0,
      campaignIn: null,
      hintedTriesLeft: 0,
      commitNewsDue: true,
      votes: new Map(),
      leading: null,
    };
    this.#state.memberships.committed(commit);
    restartElectionTimer(this.#state);
  }

  get id(): MemberId {
    return this.#state.config.id;
  }

  get role(): Role {
    return this.#state.role;
  }

  get term(): Term {
    return this.#state.term;
  }

  get leader(): MemberId | null {
    return this.#state.leader;
  }

  get commit(): Index {
    return this.#state.commit;
  }

  get lastIndex(): Index {
    return this.#state.log.lastIndex;
  }

  /** In force now, whether committed or not. */
  get membership(): Membership {
    return this.#state.memberships.current;
  }

  /** In force for the log up to `index`, which is committed: goes with a snapshot there. */
  membershipAt(index: Index): Membership {
    return this.#state.memberships.at(index);
  }

  /** By member, in the order of ids; empty unless this member leads. */
  progress(): Map<MemberId, FollowerProgress> {
    const all = this.#state.leading?.progress ?? new Map();
    const plain = new Map<MemberId, FollowerProgress>();
    for (const [id, { match, next, state, inflightEntries, inflightBytes }] of all)
      plain.set(id, { match, next, state, inflightEntries, inflightBytes });
    return plain;
  }

  tick(): void {
    const state = this.#state;
    state.commitNewsDue = true;
    state.promisedTicks = Math.max(0, state.promisedTicks - 1);
    tickAskedReads(state);
    if (state.leading !== null) tickLeader(state, state.leading);
    else tickElection(state);
  }

  /**
   * A message from another member. Lost, repeated and reordered ones are harmless; one for another
   * member is ignored. Throws RECORD_DAMAGED on what no correct member sends.
   */
  step(message: Message): void {
    receive(this.#state, message);
  }

  /**
   * The leader's next entry; the caller numbers it. Throws REQUEST_INVALID for a change of
   * membership that is not allowed now.
   */
  propose(entry: Entry): void {
    assert(this.canPropose(), 'only a leader proposes, and not while it hands over');
    propose(this.#state, this.#state.leading!, entry);
  }

  canPropose(): boolean {
    const { leading } = this.#state;
    return leading !== null && leading.transfer === null;
  }

  /**
   * How long this leader may count on the voters' promise (`protectLeader`) not to help anybody else to lead: a quorum round
   * of its own, begun at some moment, makes its commit index current for so many ticks from then. 0 if it may not.
   */
  leaseTicks(): number {
    return leaseTicks(this.#state);
  }

  /** Throws what `propose` would throw for this change, if proposed now. */
  checkMembershipChange(next: Membership): void {
    checkMembershipChange(this.#state, next);
  }

  /** Our own disk has everything up to `id`; ignored if that entry was replaced meanwhile. */
  durable(id: EntryId): void {
    onDurable(this.#state, id);
  }

  /**
   * Asks for a read index; the answer comes with `context` in a Ready's `readStates` or
   * `readsFailed`.
   */
  readIndex(context: number): void {
    readIndex(this.#state, context);
  }

  /**
   * Hands leadership to the voter `to`, null: to the most up-to-date one. `canPropose` is false
   * until that is done, or given up after an election timeout. Throws NOT_LEADER, REQUEST_INVALID.
   */
  transferLeadership(to: MemberId | null): void {
    transferLeadership(this.#state, to);
  }

  /** The connection with `id` closed: a hint that its process may be gone. */
  peerGone(id: MemberId): void {
    const state = this.#state;
    const progress = state.leading?.progress.get(id);
    if (progress?.state === 'replicate') progress.probe();
    if (progress !== undefined) progress.paused = true;
    if (state.leading?.transfer?.to === id) state.leading.transfer = null;
    if (state.leader === id && state.leading === null) onLeaderGone(state, id);
  }

  /**
   * Nobody leads, as far as the shell can tell: campaign in so many ticks, unless a leader is heard
   * before. Harmless, like `peerGone`.
   */
  campaignIn(ticks: number): void {
    const state = this.#state;
    assert(Number.isSafeInteger(ticks) && ticks >= 0, 'a number of ticks');
    if (state.leading !== null || state.leader !== null) return;
    state.campaignIn = ticks;
    state.hintedTriesLeft = HINTED_TRIES_MAX;
  }

  /** The commit index goes to the disk once more: with the next Ready, if it has grown since. */
  keepCommit(): void {
    this.#state.outbox.keepCommit = true;
  }

  /** With `delayCommitNews`: tells followers the commit index now if they do not know it yet. */
  announceCommit(): void {
    this.#state.commitNewsDue = true;
  }

  /** The connection with `id` is up again: a leader finds out at once what it has. */
  peerReachable(id: MemberId): void {
    const progress = this.#state.leading?.progress.get(id);
    if (progress === undefined) return;
    if (progress.state === 'snapshot') progress.snapshotTicks = null;
    if (progress.state === 'replicate') progress.probe();
    // A probe goes on from where it was: what the follower has may not be known at all yet.
    progress.paused = false;
  }

  /**
   * Whether a snapshot at `id` would bring anything: ask before resetting the log to it, and leave
   * it if not.
   */
  needsSnapshot(id: EntryId): boolean {
    return needsSnapshot(this.#state, id);
  }

  /**
   * A snapshot at `id` was installed and the log store reset to it, durably. No Ready may be
   * outstanding.
   */
  restored(id: EntryId, membership: Membership): void {
    onRestored(this.#state, id, membership);
  }

  hasReady(): boolean {
    return hasReady(this.#state);
  }

  takeReady(): Ready {
    return takeReady(this.#state);
  }
}

function emptyOutbox(hardState: HardState, commit: Index): RaftState['outbox'] {
  return {
    messages: [],
    afterDurable: [],
    readStates: [],
    readsFailed: [],
    snapshotNeed: null,
    hardState,
    keepCommit: false,
    commit,
    role: 'follower',
    leader: null,
  };
}
