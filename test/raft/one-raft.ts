import assert from 'node:assert/strict';
import { Prng } from '../../src/base/prng.ts';
import type { RaftConfig } from '../../src/raft/config.ts';
import type { Entry, Membership, Term } from '../../src/raft/entry.ts';
import { ORIGIN } from '../../src/raft/entry.ts';
import type { Message } from '../../src/raft/message.ts';
import { Raft } from '../../src/raft/raft.ts';
import type { Ready } from '../../src/raft/ready.ts';
import { membership } from './member-fixture.ts';
import { MemoryLog } from './memory-log.ts';

type Body<T> = T extends Message ? Omit<T, 'from' | 'to' | 'term'> : never;

/** A message to `a`. */
export function message(from: string, term: Term, body: Body<Message>): Message {
  return { from, to: 'a', term, ...body } as Message;
}

export function entry(
  term: Term,
  index: number,
  bytes = 1,
  change: Membership | null = null,
): Entry {
  return { term, index, membership: change, data: new Uint8Array(bytes).fill(term) };
}

export const CONFIG = {
  id: 'a',
  electionTicks: 10,
  heartbeatTicks: 2,
  campaignDelayTicks: 3,
  inflightMessagesMax: 4,
  inflightBytesMax: 1000,
  appendBytesMax: 100,
};

export interface OneOptions {
  readonly members?: readonly string[];
  readonly entries?: readonly Entry[];
  readonly term?: Term;
  readonly vote?: string | null;
  readonly commit?: number;
  readonly config?: Partial<RaftConfig>;
}

/** Member `a` alone in the test's hands: the test plays all the others, and the disk. */
export class One {
  readonly log: MemoryLog;
  readonly raft: Raft;

  constructor({ members, entries, term, vote, commit, config }: OneOptions = {}) {
    this.log = new MemoryLog(membership(...(members ?? ['a', 'b', 'c'])));
    const hardState = { term: term ?? 0, vote: vote ?? null, commit: commit ?? 0 };
    this.log.write({ truncateFrom: null, entries: entries ?? [], hardState });
    this.log.flush();
    this.raft = new Raft({ ...CONFIG, prng: new Prng(7), ...config }, this.log, hardState);
  }

  /** The one Ready there is, handed to the log. Its writes are not on disk before `durable`. */
  take(): Ready {
    assert.ok(this.raft.hasReady(), 'there is no Ready');
    const ready = this.raft.takeReady();
    this.log.write(ready);
    assert.ok(!this.raft.hasReady(), 'a second Ready without a call in between');
    return ready;
  }

  step(from: string, term: Term, body: Body<Message>): void {
    this.raft.step(message(from, term, body));
  }

  /** Everything written is on disk. */
  durable(): void {
    while (this.log.pendingWrites > 0) this.log.flush();
    const index = this.log.lastIndex;
    this.raft.durable({ term: this.log.term(index)!, index });
  }

  ticks(count: number): void {
    for (let i = 0; i < count; i++) this.raft.tick();
  }

  /** Ticks until it campaigns; gives that Ready. */
  campaign(): Ready {
    for (let i = 0; i < 2 * CONFIG.electionTicks && !this.raft.hasReady(); i++) this.raft.tick();
    return this.take();
  }

  /** Elected by `b`, with its first entry proposed and, with `committed`, acknowledged by `b`. */
  lead(committed = true): void {
    const { term } = this.raft;
    this.campaign();
    this.step('b', term + 1, { type: 'vote-response', preVote: true, granted: true });
    this.take();
    this.step('b', term + 1, { type: 'vote-response', preVote: false, granted: true });
    this.take();
    assert.equal(this.raft.role, 'leader');
    if (!committed) return;
    this.propose();
    this.take();
    this.durable();
    this.acknowledge('b', this.raft.lastIndex);
    this.take();
    assert.equal(this.raft.commit, this.raft.lastIndex);
  }

  propose(bytes = 1, change: Membership | null = null): Entry {
    const next = entry(this.raft.term, this.raft.lastIndex + 1, bytes, change);
    this.raft.propose(next);
    return next;
  }

  acknowledge(from: string, match: number): void {
    const body = { accepted: true, match, rejected: 0, hint: ORIGIN };
    this.step(from, this.raft.term, { type: 'append-response', ...body });
  }
}

/** The messages of one type, with that type. */
export function only<T extends Message['type']>(
  messages: readonly Message[],
  type: T,
): Extract<Message, { type: T }>[] {
  return messages.filter((one): one is Extract<Message, { type: T }> => one.type === type);
}
