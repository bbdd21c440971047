import assert from 'node:assert/strict';
import { Prng } from '../../src/base/prng.ts';
import type { RaftConfig } from '../../src/raft/config.ts';
import { describeMessage, describeReady } from '../../src/raft/describe.ts';
import type { Entry, Index, MemberId, Membership, Term } from '../../src/raft/entry.ts';
import type { Message } from '../../src/raft/message.ts';
import { Raft } from '../../src/raft/raft.ts';
import type { Ready } from '../../src/raft/ready.ts';
import { Checker } from './checker.ts';
import { Member } from './member-fixture.ts';
import { MemoryLog } from './memory-log.ts';

export type Settings = Partial<Omit<RaftConfig, 'id' | 'prng'>>;

export interface ClusterOptions {
  readonly seed?: number;
  readonly settings?: Settings;
  /** A new leader proposes an entry at once, as the shell does. Default true. */
  readonly startEntries?: boolean;
}

/** Small numbers, so that traces stay short. */
const SETTINGS = {
  electionTicks: 10,
  heartbeatTicks: 2,
  campaignDelayTicks: 2,
  inflightMessagesMax: 4,
  inflightBytesMax: 1000,
  appendBytesMax: 200,
};
/** More rounds without coming to rest mean that members keep talking for ever. */
const ROUNDS_MAX = 1000;

/**
 * Members, their disks and the network between them, all in memory and moved by hand. Checked after
 * each step.
 */
export class Cluster {
  readonly members = new Map<MemberId, Member>();
  readonly checker: Checker;
  readonly trace: string[] = [];
  /** On the way, oldest first. */
  network: Message[] = [];
  /** Links that lose everything, as `from→to`. */
  readonly cuts = new Set<string>();
  readonly #options: ClusterOptions;
  #starts = 0;
  #proposals = 0;

  constructor(initial: Membership, options: ClusterOptions = {}) {
    this.#options = options;
    this.checker = new Checker(initial);
    for (const { id } of initial) this.add(id, initial);
  }

  /** A member that belongs to no cluster yet has an empty membership. */
  add(id: MemberId, initial: Membership = []): Member {
    const log = new MemoryLog(initial);
    const member = new Member(id, log, this.#start(id, log));
    this.members.set(id, member);
    return member;
  }

  at(id: MemberId): Member {
    const member = this.members.get(id);
    assert.ok(member !== undefined, `no member ${id}`);
    return member;
  }

  raft(id: MemberId): Raft {
    return this.at(id).raft;
  }

  get leader(): Member | null {
    let best: Member | null = null;
    for (const member of this.members.values()) {
      if (!member.up || member.raft.role !== 'leader') continue;
      if (best === null || member.raft.term > best.raft.term) best = member;
    }
    return best;
  }

  /** Calls into one member's Raft, then does what its Readys say. */
  call(id: MemberId, action: (raft: Raft) => void): void {
    const member = this.at(id);
    assert.ok(member.up, `${id} is down`);
    action(member.raft);
    this.settle(member);
  }

  settle(member: Member): void {
    for (let rounds = 0; member.raft.hasReady(); rounds++) {
      assert.ok(rounds < ROUNDS_MAX, `${member.id} always has another Ready`);
      this.#handle(member, member.raft.takeReady());
    }
  }

  tick(id: MemberId, count = 1): void {
    for (let i = 0; i < count; i++) this.call(id, (raft) => raft.tick());
  }

  tickAll(count = 1): void {
    for (let i = 0; i < count; i++) {
      for (const { id, up } of this.members.values()) if (up) this.tick(id);
    }
  }

  /** Ticks `id` alone until it campaigns; nothing else makes a follower speak. */
  timeout(id: MemberId): void {
    const { length } = this.trace;
    for (let i = 0; i < 2 * this.settings.electionTicks; i++) {
      this.tick(id);
      if (this.trace.length > length) return;
    }
    assert.fail(`${id} does not campaign`);
  }

  /** Makes `id` the leader: the others forget theirs, and what they try themselves is lost. */
  elect(id: MemberId): void {
    for (const member of this.members.values()) {
      if (!member.up || member.id === id || member.raft.role === 'leader') continue;
      if (member.raft.leader !== null) this.call(member.id, (raft) => raft.peerGone(raft.leader!));
      this.take(({ from, type }) => from === member.id && type === 'vote-request');
    }
    this.timeout(id);
    this.run();
    assert.equal(this.raft(id).role, 'leader', `${id} is not elected`);
  }

  get settings(): typeof SETTINGS & Settings {
    return { ...SETTINGS, ...this.#options.settings };
  }

  propose(id: MemberId, bytes = 10, change: Membership | null = null): Entry {
    const entry = this.#next(id, bytes, change);
    this.call(id, (raft) => raft.propose(entry));
    return entry;
  }

  /** Several entries before the next Ready is taken. */
  proposeBatch(id: MemberId, count: number, bytes = 10): void {
    this.call(id, (raft) => {
      for (let i = 0; i < count; i++) raft.propose(this.#next(id, bytes, null));
    });
  }

  #next(id: MemberId, bytes: number, change: Membership | null): Entry {
    const { term, lastIndex } = this.raft(id);
    this.#proposals += 1;
    const data = new Uint8Array(bytes).fill(this.#proposals);
    return { term, index: lastIndex + 1, membership: change, data };
  }

  /** The disk of `id` finishes its oldest write. */
  flush(id: MemberId): void {
    const member = this.at(id);
    const done = member.waiting.shift();
    assert.ok(done !== undefined, `${id} has nothing to write`);
    member.log.flush();
    if (done.kind === 'compaction') return;
    this.checker.sawEntries(id, done.previousTerm, done.ready.entries);
    for (const message of done.ready.afterDurable) this.send(message);
    this.call(id, (raft) => raft.durable(done.last));
  }

  flushAll(id: MemberId): void {
    while (this.at(id).waiting.length > 0) this.flush(id);
  }

  send(message: Message): void {
    if (!this.cuts.has(`${message.from}→${message.to}`)) this.network.push(message);
    else this.trace.push(`lost ${describeMessage(message)}`);
  }

  deliver(message: Message): void {
    const to = this.members.get(message.to);
    const lost = to === undefined || !to.up;
    this.trace.push(`${lost ? 'lost ' : ''}${describeMessage(message)}`);
    if (!lost) this.call(message.to, (raft) => raft.step(message));
  }

  /** Takes the messages that match out of the network. */
  take(wanted: (message: Message) => boolean): Message[] {
    const taken = this.network.filter(wanted);
    this.network = this.network.filter((message) => !wanted(message));
    return taken;
  }

  /** Delivers and flushes, oldest first, until nothing moves. */
  run(): void {
    for (let rounds = 0; rounds < ROUNDS_MAX; rounds++) {
      const messages = this.take(() => true);
      for (const message of messages) this.deliver(message);
      const flushing = [...this.members.values()].filter(
        (member) => member.up && !member.slow && member.waiting.length > 0,
      );
      for (const { id } of flushing) this.flushAll(id);
      if (messages.length === 0 && flushing.length === 0) return;
    }
    assert.fail('the cluster does not come to rest');
  }

  /** Nothing passes between the two, in either direction. */
  cut(x: MemberId, y: MemberId): void {
    this.cuts.add(`${x}→${y}`).add(`${y}→${x}`);
  }

  isolate(id: MemberId): void {
    for (const other of this.members.keys()) if (other !== id) this.cut(id, other);
  }

  heal(): void {
    this.cuts.clear();
  }

  crash(id: MemberId): void {
    const member = this.at(id);
    member.up = false;
    member.log.crash();
    member.waiting = [];
    member.snapshotNeed = null;
  }

  restart(id: MemberId): void {
    const member = this.at(id);
    assert.ok(!member.up, `${id} is running`);
    member.raft = this.#start(id, member.log);
    member.up = true;
    this.checker.restarted(id, member.log.hardState.term);
    this.settle(member);
  }

  /** Forgets the log of `id` up to `index`, which must be committed there. */
  compact(id: MemberId, index: Index): void {
    const member = this.at(id);
    assert.ok(index <= member.raft.commit, 'only what is committed may be forgotten');
    member.log.compact(index, this.#membershipAt(member, index));
    member.waiting.push({ kind: 'compaction' });
  }

  /**
   * The snapshot that `id` needs arrives: everything that was committed when the sender last
   * looked.
   */
  install(id: MemberId): void {
    const member = this.at(id);
    const need = member.snapshotNeed;
    assert.ok(need !== null, `${id} needs no snapshot`);
    member.snapshotNeed = null;
    const index = Math.max(need.snapshot.index, this.at(need.from).raft.commit);
    const snapshot = { term: this.checker.committedTerm(index), index };
    if (!member.raft.needsSnapshot(snapshot)) return;
    this.flushAll(id);
    const members = this.#membershipAt(this.at(need.from), index);
    member.log.reset(snapshot, members);
    member.log.flush();
    this.call(id, (raft) => raft.restored(snapshot, members));
  }

  /** As the member knows it; the checker knows what is true. One that joined does not know what was before the first change. */
  #membershipAt({ raft }: Member, index: Index): Membership {
    const known = raft.membershipAt(index);
    if (known.length > 0)
      assert.deepEqual(known, this.checker.membershipAt(index), `membership at ${index}`);
    return known;
  }

  #start(id: MemberId, log: MemoryLog): Raft {
    this.#starts += 1;
    const prng = new Prng((this.#options.seed ?? 1) * 1000 + this.#starts);
    return new Raft({ ...this.settings, id, prng }, log, log.hardState);
  }

  #handle(member: Member, ready: Ready): void {
    this.trace.push(`  ${member.id}: ${describeReady(ready)}`);
    member.log.write(ready);
    for (const message of ready.messages) this.send(message);
    const index = member.log.lastIndex;
    const last = { term: member.log.term(index)!, index };
    const previousTerm = member.log.term(index - ready.entries.length);
    member.waiting.push({ kind: 'write', ready, last, previousTerm });
    member.reads.push(...ready.readStates);
    member.readsFailed.push(...ready.readsFailed);
    if (ready.snapshotNeed !== null) member.snapshotNeed = ready.snapshotNeed;
    this.checker.afterReady(member, ready, (id) => this.at(id).log);
    if (ready.role === 'leader') this.#startTerm(member, ready.term);
  }

  #startTerm(member: Member, term: Term): void {
    if (this.#options.startEntries === false || member.startedTerm === term) return;
    member.startedTerm = term;
    const index = member.raft.lastIndex + 1;
    member.raft.propose({ term, index, membership: null, data: new Uint8Array(0) });
  }
}
