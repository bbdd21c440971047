import type { Index } from '../raft/entry.ts';
import type { Raft } from '../raft/raft.ts';
import type { Ready } from '../raft/ready.ts';
import type { Clock } from './clock.ts';
import { COMMIT_NEWS_MS } from './raft-timing.ts';

/** Sees to it that followers hear of a commit soon, also when no entries follow that would carry the news. */
export class CommitNews {
  readonly #raft: Raft;
  readonly #clock: Clock;
  readonly #turn: (work: () => void) => void;
  #noted: Index = 0;
  #waiting = false;

  constructor(raft: Raft, clock: Clock, turn: (work: () => void) => void) {
    this.#raft = raft;
    this.#clock = clock;
    this.#turn = turn;
  }

  note({ role, commit }: Ready): void {
    if (role !== 'leader' || commit <= this.#noted) return;
    this.#noted = commit;
    if (this.#waiting) return;
    this.#waiting = true;
    this.#clock.later(() => {
      this.#waiting = false;
      this.#turn(() => this.#raft.announceCommit());
    }, COMMIT_NEWS_MS);
  }
}
