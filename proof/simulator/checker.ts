import type { LogStore } from '../../src/log-store/log-store.ts';
import type { Entry, EntryId, Index, MemberId, Term } from '../../src/raft/entry.ts';
import { votersOf } from '../../src/raft/membership.ts';
import type { Message } from '../../src/raft/message.ts';
import { majority } from '../../src/raft/quorum.ts';
import type { Raft } from '../../src/raft/raft.ts';
import type { Ready } from '../../src/raft/ready.ts';
import { type ChecksumValue, DatabaseChecksum } from '../../src/redo/checksum.ts';
import { sameHash } from '../../src/redo/page-hash.ts';
import { redoOf } from '../../src/sqlite/entry-data.ts';
import { require } from './violation.ts';

/** A member as the checker sees it: its present process, or what the last one left. */
export interface Watched {
  readonly id: MemberId;
  readonly raft: Raft;
  readonly log: LogStore;
  /** Raft's commit index as last seen in this process. */
  commit: Index;
}

interface Committed {
  readonly entry: Entry;
  /** Of the leader that committed it first. */
  readonly inTerm: Term;
  /** When that was. */
  readonly ms: number;
  /** Of the database at this entry. */
  readonly checksum: ChecksumValue;
}

/**
 * Knows everything that ever happened in the cluster, and looks after each step whether that may have
 * happened (the invariants by their numbers, see ARCHITECTURE.md). Throws a Violation.
 */
export class Checker {
  readonly #leaders = new Map<Term, MemberId>();
  readonly #votes = new Map<string, MemberId>();
  /** What (term, index) was first seen to mean: its entry, and the term before it. */
  readonly #seen = new Map<string, { entry: Entry; previousTerm: Term | undefined }>();
  /** Who ever had (term, index) on disk. */
  readonly #onDisk = new Map<string, Set<MemberId>>();
  /** Index i at place i - 1. */
  readonly #committed: Committed[] = [];
  readonly #watched: (id: MemberId) => Watched | undefined;
  readonly #now: () => number;
  elections = 0;

  constructor(watched: (id: MemberId) => Watched | undefined, now: () => number) {
    this.#watched = watched;
    this.#now = now;
  }

  get commit(): Index {
    return this.#committed.length;
  }

  isCommitted({ term, index }: EntryId): boolean {
    return index === 0 || this.#committed[index - 1]?.entry.term === term;
  }

  /** It can never be committed: there is something else in its place, or what follows is of a later term. */
  isLost(id: EntryId): boolean {
    if (id.index <= this.commit) return !this.isCommitted(id);
    return (this.#committed.at(-1)?.entry.term ?? 0) > id.term;
  }

  /** The last index that was committed before that moment. */
  committedBefore(ms: number): Index {
    let [low, high] = [0, this.#committed.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#committed[middle]!.ms < ms) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  describe({ term, index }: EntryId): string {
    return `${term}.${index} (committed: up to ${this.commit}, there in term ${this.#committed[index - 1]?.entry.term ?? '-'})`;
  }

  /** After a Ready was taken. */
  ready(member: Watched, ready: Ready): void {
    for (const message of ready.messages) {
      if (message.type !== 'append-request') continue;
      this.#sawEntries(member.id, message.previous.term, message.entries);
    }
    this.#checkLeader(member, ready);
    this.#checkCommit(member, ready);
  }

  /** These entries are on the member's disk now. */
  durable({ id, log }: Watched, entries: readonly Entry[]): void {
    const first = entries[0];
    for (const entry of entries) this.#noteOnDisk(id, entry);
    if (first !== undefined) this.#sawEntries(id, log.term(first.index - 1), entries);
  }

  #noteOnDisk(id: MemberId, { term, index }: EntryId): void {
    const key = `${term}.${index}`;
    const known = this.#onDisk.get(key);
    if (known === undefined) this.#onDisk.set(key, new Set([id]));
    else known.add(id);
  }

  /** Whether the entry was ever on that member's disk, or is part of what its log begins with. */
  hadOnDisk(id: MemberId, at: EntryId): boolean {
    if (this.#onDisk.get(`${at.term}.${at.index}`)?.has(id) === true) return true;
    return (this.#watched(id)?.log.base.index ?? 0) >= at.index && this.isCommitted(at);
  }

  /** A frame leaves: a vote is a promise for the whole term, whatever happens to the member. */
  sent(message: Message): void {
    if (message.type === 'vote-request' && !message.preVote)
      this.#vote(message.from, message.term, message.from);
    if (message.type === 'vote-response' && !message.preVote && message.granted)
      this.#vote(message.from, message.term, message.to);
  }

  #vote(voter: MemberId, term: Term, candidate: MemberId): void {
    const key = `${voter} ${term}`;
    const before = this.#votes.get(key);
    require(before === undefined || before === candidate, 'I1 one vote per term', () => {
      return `${voter} votes for ${candidate} in term ${term}, and did for ${before}`;
    });
    this.#votes.set(key, candidate);
  }

  #checkLeader({ id, log }: Watched, { role, term, truncateFrom }: Ready): void {
    if (role !== 'leader') return;
    const known = this.#leaders.get(term);
    require(known === undefined || known === id, 'I1 one leader per term', () => {
      return `${known} and ${id} lead term ${term}`;
    });
    require(truncateFrom === null, 'I3 a leader only appends', () => {
      return `${id} truncates its log from ${truncateFrom}`;
    });
    if (known !== undefined) return;
    this.#leaders.set(term, id);
    this.elections++;
    for (const { entry, inTerm } of this.#committed) {
      if (inTerm >= term || entry.index <= log.base.index) continue;
      require(log.term(entry.index) === entry.term, 'I3 leader completeness', () => {
        return `${id} leads term ${term} without the committed entry ${entry.term}.${entry.index}`;
      });
    }
  }

  /** I2 by induction: index and term name one entry, and one entry before it. */
  #sawEntries(id: MemberId, previousTerm: Term | undefined, entries: readonly Entry[]): void {
    let before = previousTerm;
    for (const entry of entries) {
      const key = `${entry.term}.${entry.index}`;
      const seen = this.#seen.get(key);
      if (seen === undefined) this.#seen.set(key, { entry, previousTerm: before });
      else {
        require(sameBytes(entry.data, seen.entry.data), 'I2 log matching', () => {
          return `${id} has another entry ${key}`;
        });
        const fits = before === undefined || before === seen.previousTerm;
        require(fits, 'I2 log matching', () => `${id} has another entry before ${key}`);
      }
      before = entry.term;
    }
  }

  #checkCommit(member: Watched, ready: Ready): void {
    const { id, log } = member;
    const before = member.commit;
    if (ready.commit === before) return;
    require(ready.commit > before, 'commit index never goes back', () => {
      return `that of ${id} went from ${before} to ${ready.commit}`;
    });
    require(ready.commit <= log.lastIndex, 'I3 leader completeness', () => {
      return `${id} takes ${ready.commit} for committed, its log ends at ${log.lastIndex}`;
    });
    if (ready.role === 'leader' && ready.commit > this.commit)
      require(log.term(ready.commit) ===
        ready.term, 'I3 commit by an entry of the own term', () => {
        return `${id} leads term ${ready.term} and commits ${log.term(ready.commit)}.${ready.commit}`;
      });
    member.commit = ready.commit;
    for (let i = Math.max(before, log.base.index) + 1; i <= ready.commit; i++) {
      const known = this.#committed[i - 1];
      if (known === undefined) this.#commit(member, ready, i);
      else
        require(log.term(i) === known.entry.term, 'I3 leader completeness', () => {
          return `${id} takes ${log.term(i)}.${i} for committed, others ${known.entry.term}.${i}`;
        });
    }
  }

  /** The first to commit is a leader, and then a majority has the entry on disk. */
  #commit({ id, log, raft }: Watched, ready: Ready, index: Index): void {
    const entry = log.entries(index, index, 0)[0]!;
    require(this.#committed.length === index - 1, 'I6 gapless', () => {
      return `${id} commits ${index}, and ${this.#committed.length + 1} is not yet`;
    });
    const voters = votersOf(raft.membership);
    const durable = voters.filter((voter) => this.hasOnDisk(voter, entry));
    require(durable.length >= majority(voters.length), 'I4 durable before committed', () => {
      return `${id} commits ${entry.term}.${index}, of ${voters} only ${durable} have it on disk`;
    });
    const checksum = redoOf(entry.data).checksumAfter;
    this.#committed.push({ entry, inTerm: ready.term, ms: this.#now(), checksum });
  }

  /** Whether the entry is on that member's disk, or is part of what its log begins with. */
  hasOnDisk(id: MemberId, { term, index }: EntryId): boolean {
    const log = this.#watched(id)?.log;
    if (log === undefined) return false;
    return log.base.index >= index || (log.durableIndex >= index && log.term(index) === term);
  }

  /** After a restart: what was on disk is there (but for what the run damaged itself). */
  restarted(id: MemberId, before: readonly EntryId[], log: LogStore): void {
    for (let index = log.base.index + 1; index <= log.durableIndex; index++)
      this.#noteOnDisk(id, { term: log.term(index)!, index });
    for (const { term, index } of before) {
      const there = index <= log.base.index || log.term(index) === term;
      require(there, 'I4 what is durable survives', () => {
        return `${id} had ${term}.${index} on disk, and starts without it`;
      });
    }
  }

  /** A database came to a position: its content is what the log says it is there. */
  database(id: MemberId, at: EntryId, checksum: ChecksumValue): void {
    const committed = this.#committed[at.index - 1];
    if (committed === undefined || committed.entry.term !== at.term) return;
    require(sameHash(committed.checksum, checksum), 'I7 byte identity', () => {
      const is = new DatabaseChecksum(checksum).toHex();
      const wanted = new DatabaseChecksum(committed.checksum).toHex();
      return `the database of ${id} at ${at.term}.${at.index} has the checksum ${is}, not ${wanted}`;
    });
  }

  /** An entry was applied by a member that does not lead. */
  applied(id: MemberId, at: EntryId): void {
    if (at.index === 0 || at.index > this.commit) return;
    require(this.isCommitted(at), 'I8 the log is the truth', () => {
      return `the database of ${id} is at ${this.describe(at)}`;
    });
  }

  checkpointed(id: MemberId, at: EntryId): void {
    require(this.isCommitted(at), 'I8 checkpoints stay below the commit index', () => {
      return `the main file of ${id} is at ${this.describe(at)}`;
    });
  }

  acknowledged(id: MemberId, at: EntryId): void {
    require(this.isCommitted(at), 'I4 acknowledged when committed', () => {
      return `${id} acknowledged a write at ${this.describe(at)}`;
    });
  }

  /** A read was answered from this state. */
  read(id: MemberId, at: EntryId): void {
    require(this.isCommitted(at), 'I5 no dirty reads', () => {
      return `${id} answered a read from ${this.describe(at)}`;
    });
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a === b || Buffer.compare(a, b) === 0;
}
