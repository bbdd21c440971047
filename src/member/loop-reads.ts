import type { LogStore } from '../log-store/log-store.ts';
import type { Index } from '../raft/entry.ts';
import type { Raft } from '../raft/raft.ts';
import type { Ready } from '../raft/ready.ts';
import type { Clock } from './clock.ts';
import { CopyAge } from './copy-age.ts';
import type { MemberOptions } from './options.ts';
import type { Port } from './port.ts';
import type { AppToLoop, LoopToApp } from './protocol.ts';
import { ReadIndexes } from './read-indexes.ts';
import type { SharedState } from './shared-state.ts';

export interface LoopReadsParts {
  readonly options: MemberOptions;
  readonly raft: Raft;
  readonly log: LogStore;
  readonly shared: SharedState;
  readonly clock: Clock;
  readonly app: Port<AppToLoop, LoopToApp>;
}

type FromApp = Extract<AppToLoop, { type: 'read-index' | 'cancel-read-index' }>;

/** What the loop does for this member's reads: asks the leader for them, and keeps what they look at up to date. */
export class LoopReads {
  readonly #parts: LoopReadsParts;
  readonly #indexes: ReadIndexes;
  readonly #age: CopyAge;
  readonly #takeBack = new Map<number, () => void>();

  constructor(parts: LoopReadsParts) {
    const { options, raft, log, shared, clock } = parts;
    const now = () => clock.now();
    this.#parts = parts;
    this.#indexes = new ReadIndexes(raft, now);
    this.#age = new CopyAge(this.#indexes, shared, now, options.heartbeatMs);
    shared.noteTerms(log, raft.commit);
  }

  fromApp(message: FromApp): void {
    if (message.type === 'read-index') this.#ask(message.key);
    else this.#cancel(message.key);
  }

  #ask(key: number): void {
    const answered = (index: Index) => {
      this.#takeBack.delete(key);
      this.#parts.app.post({ type: 'read-index', key, index });
    };
    this.#takeBack.set(key, this.#indexes.ask(answered));
  }

  #cancel(key: number): void {
    this.#takeBack.get(key)?.();
    this.#takeBack.delete(key);
  }

  /** Call before the commit index is told to anybody. */
  note(ready: Ready): void {
    const { shared, log } = this.#parts;
    shared.noteTerms(log, ready.commit);
    this.#indexes.note(ready);
  }

  tick(): void {
    this.#indexes.tick();
    this.#age.tick();
  }

  /** For the end of a turn. `applied`: what the database has, as far as the loop knows. */
  endTurn(applied: Index): void {
    this.#age.applied(applied);
    if (this.#parts.shared.takeNews()) this.#parts.app.post({ type: 'news' });
  }
}
