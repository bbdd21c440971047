import type { Entry, EntryId, Membership } from '../../src/raft/entry.ts';
import type { Raft } from '../../src/raft/raft.ts';
import type { Ready } from '../../src/raft/ready.ts';

export interface RaftEvents {
  /** What the last Ready asked for was done, in part at least: its writes are in the log. */
  readonly onReady: (ready: Ready) => void;
  /** Entries of Readies before are on disk. */
  readonly onDurable: (entries: readonly Entry[]) => void;
}

export type RaftClass = new (...args: ConstructorParameters<typeof Raft>) => Raft;

type RaftArgs = ConstructorParameters<typeof Raft>;
type WatchedClass = new (events: RaftEvents, ...args: RaftArgs) => WatchedRaft;

/** One class for each base: objects of many classes would make the product's code slow. */
const classes = new WeakMap<RaftClass, WatchedClass>();

/** A Raft that shows what it decides. What no product path does yet comes in here: changes of membership ride on the next entry. */
export function watchedRaft(base: RaftClass, events: RaftEvents, ...args: RaftArgs): WatchedRaft {
  const known = classes.get(base) ?? makeClass(base);
  classes.set(base, known);
  return new known(events, ...args);
}

function makeClass(base: RaftClass): WatchedClass {
  return class Watching extends base implements WatchedRaft {
    readonly #events: RaftEvents;
    #entries: Entry[] = [];
    #next: Membership | null = null;
    #taken: Ready | null = null;

    constructor(events: RaftEvents, ...args: RaftArgs) {
      super(...args);
      this.#events = events;
    }

    changeMembership(next: Membership): void {
      this.checkMembershipChange(next);
      this.#next = next;
    }

    override propose(entry: Entry): void {
      const membership = this.#next;
      this.#next = null;
      if (membership === null || !this.#mayChange(membership)) return super.propose(entry);
      super.propose({ ...entry, membership });
    }

    get untouched(): boolean {
      return this.#taken === null;
    }

    shown(): void {
      const taken = this.#taken;
      this.#taken = null;
      if (taken !== null) this.#events.onReady(taken);
    }

    override takeReady(): Ready {
      this.shown();
      const ready = super.takeReady();
      if (ready.truncateFrom !== null) {
        const from = ready.truncateFrom;
        this.#entries = this.#entries.filter(({ index }) => index < from);
      }
      this.#entries.push(...ready.entries);
      this.#taken = ready;
      return ready;
    }

    override durable(id: EntryId): void {
      this.shown();
      const later = (entry: Entry) => entry.index > id.index || entry.term > id.term;
      const end = this.#entries.findIndex(later);
      this.#events.onDurable(this.#entries.splice(0, end < 0 ? this.#entries.length : end));
      super.durable(id);
    }

    override restored(...restored: Parameters<Raft['restored']>): void {
      this.#entries = [];
      super.restored(...restored);
    }

    #mayChange(membership: Membership): boolean {
      try {
        this.checkMembershipChange(membership);
        return true;
      } catch {
        return false;
      }
    }
  };
}

export interface WatchedRaft extends Raft {
  /** The next entry brings this membership. Throws what `propose` would throw for it. */
  changeMembership(next: Membership): void;
  /** No Ready was taken since the last one was shown. */
  readonly untouched: boolean;
  /** Shows the last Ready, if that was not done yet. */
  shown(): void;
}
