import { assert } from '../base/assert.ts';
import type { Index, Term } from '../raft/entry.ts';
import type { Raft } from '../raft/raft.ts';
import type { Ready } from '../raft/ready.ts';
import type { LeaderLease } from './leader-lease.ts';

/** Who asked, and when. */
interface Question {
  readonly askedMs: number;
  /** The term that this member led, with a right to a lease, when it was last sent. */
  ledTerm: Term | null;
  readonly answered: (index: Index, askedMs: number) => void;
}

/**
 * Read indexes for whoever needs one in this member. What Raft could not answer, for want of a leader or because it
 * changed, is asked again at the next tick, until it is answered or taken back.
 */
export class ReadIndexes {
  readonly #raft: Raft;
  readonly #now: () => number;
  readonly #lease: LeaderLease;
  /** By the context that Raft knows them by. */
  readonly #asked = new Map<number, Question>();
  #failed: Question[] = [];
  #nextContext = 1;

  constructor(raft: Raft, now: () => number, lease: LeaderLease) {
    this.#raft = raft;
    this.#now = now;
    this.#lease = lease;
  }

  /** `answered` is called, with a lease at once, with a commit index that was current at some moment after `askedMs`. Returns what takes the question back. */
  ask(answered: Question['answered']): () => void {
    const question = { askedMs: this.#now(), ledTerm: null, answered };
    const index = this.#lease.current();
    if (index !== null) answered(index, question.askedMs);
    else this.#send(question);
    return () => this.#takeBack(question);
  }

  note({ readStates, readsFailed }: Ready): void {
    for (const { context, index } of readStates) {
      const question = this.#take(context);
      if (question === undefined) continue;
      const { askedMs, ledTerm } = question;
      if (ledTerm !== null) this.#lease.confirmed(askedMs, ledTerm);
      question.answered(index, askedMs);
    }
    for (const context of readsFailed) {
      const question = this.#take(context);
      if (question !== undefined) this.#failed.push(question);
    }
  }

  tick(): void {
    if (this.#failed.length === 0) return;
    const again = this.#failed;
    this.#failed = [];
    for (const question of again) this.#send(question);
  }

  #send(question: Question): void {
    const context = this.#nextContext++;
    assert(!this.#asked.has(context), 'contexts are new');
    question.ledTerm = this.#lease.term;
    this.#asked.set(context, question);
    this.#raft.readIndex(context);
  }

  #take(context: number): Question | undefined {
    const question = this.#asked.get(context);
    this.#asked.delete(context);
    return question;
  }

  #takeBack(question: Question): void {
    this.#failed = this.#failed.filter((one) => one !== question);
    for (const [context, asked] of this.#asked) if (asked === question) this.#asked.delete(context);
  }
}
