import { assert } from '../base/assert.ts';
import type { LogStore } from '../log-store/log-store.ts';
import type { Entry, EntryId, Index, Term } from '../raft/entry.ts';
import { type ChecksumValue, checksumFromBytes } from '../redo/checksum.ts';
import { redoOf } from '../sqlite/entry-data.ts';
import { packEntries } from './packed-entries.ts';
import type { LoopToSql, OpenedDatabase, SqlToLoop } from './protocol.ts';

/** Entry bytes handed to the SQL thread and not applied yet; at the limit the rest stays in the log. */
const APPLYING_BYTES_MAX = 4 * 2 ** 20;
/** Entry bytes in one message, and so at most in one commit of a follower that is behind. */
const APPLY_BYTES_MAX = 2 * 2 ** 20;

/**
 * - `closed`: not open yet, or being replaced;
 * - `beginning`: open, and told its place in the log;
 * - `follow`: applies what is committed;
 * - `catch-up`: this member was elected; applies the rest of its log before it executes anything;
 * - `lead`: executes writes;
 * - `settle`: was told to stop, has not said yet where it stands;
 * - `roll-back`: undoes what the log no longer has.
 */
type Mode = 'closed' | 'beginning' | 'follow' | 'catch-up' | 'lead' | 'settle' | 'roll-back';

export interface TrackerParts {
  readonly log: LogStore;
  readonly post: (message: LoopToSql) => void;
  /** The database does not fit the log and cannot be made to: fetch another one. */
  readonly onUnfit: (why: string) => void;
  /** Whether the database may hold what the log has not: nobody can tell by an index then what is committed (I5). */
  readonly onSuspect: (suspect: boolean) => void;
}

/** The checksum of the database at a position that the log has: in that entry, or with the log's base. */
export function checksumAt(log: LogStore, id: EntryId): ChecksumValue {
  if (id.index === log.base.index) return checksumFromBytes(log.baseExtra);
  return redoOf(log.entries(id.index, id.index, 1)[0]!.data).checksumAfter;
}

/**
 * What the loop knows of its database: where it is, and what has to be done so that it follows the log (I8). The database
 * is never ahead of the log but for what the SQL thread of a leader has executed and the log is about to get.
 */
export class DatabaseTracker {
  readonly #parts: TrackerParts;
  #mode: Mode = 'closed';
  /** As last reported. */
  #position: EntryId = { term: 0, index: 0 };
  /** Up to here the database has, or is being given, what the log has. */
  #matched: Index = 0;
  #applying: { readonly index: Index; readonly bytes: number }[] = [];
  #elected: Term | null = null;
  /** How the SQL thread was told to stop. */
  #gently = false;

  constructor(parts: TrackerParts) {
    this.#parts = parts;
  }

  get position(): EntryId {
    return this.#position;
  }

  get leading(): boolean {
    return this.#mode === 'lead';
  }

  /** Nothing of it is about to be undone. */
  get steady(): boolean {
    return this.#mode === 'follow' || this.#mode === 'lead';
  }

  /** It was told to stop executing, and has not said yet where it stands. */
  get settling(): boolean {
    return this.#mode === 'settle';
  }

  get open(): boolean {
    return this.#mode !== 'closed' && this.#mode !== 'beginning';
  }

  /** The database is open: finds its place in the log. */
  opened({ position, inWal }: OpenedDatabase): void {
    const { log, post, onUnfit } = this.#parts;
    const at = [position, ...inWal].find((id) => log.term(id.index) === id.term);
    if (at === undefined) {
      onUnfit(
        `the database is at ${position.term}.${position.index}, the log has ${log.base.term}.${log.base.index} to ${log.lastIndex}`,
      );
      return;
    }
    this.#mode = 'beginning';
    this.#matched = at.index;
    post({ type: 'begin', at, checksum: checksumAt(log, at) });
  }

  /** Its answer; false if the database was given up meanwhile. What the log has discarded since it was asked has to be undone. */
  begun(position: EntryId): boolean {
    if (this.#mode !== 'beginning') return false;
    this.#follow(position, Math.min(position.index, this.#matched));
    return true;
  }

  /** The database is at `position`, which the log has. */
  installed(position: EntryId): void {
    this.#follow(position, position.index);
  }

  #follow(position: EntryId, matched: Index): void {
    this.#position = position;
    this.#matched = matched;
    this.#applying = [];
    this.#mode = 'follow';
  }

  /** The database is gone, or about to be replaced. */
  closed(): void {
    // The log may be another one from now on: what it says is not about what is in there.
    this.#parts.onSuspect(true);
    this.#mode = 'closed';
    this.#applying = [];
  }

  elected(term: Term): void {
    this.#elected = term;
    if (this.#mode === 'follow') this.#mode = 'catch-up';
  }

  /** Stops executing. `gently`: before a planned hand-over, for which an interactive transaction may end first. */
  stopLeading(gently: boolean): void {
    this.#elected = null;
    if (this.#mode === 'catch-up') this.#mode = 'follow';
    const hurries = this.#mode === 'settle' && this.#gently && !gently;
    if (this.#mode !== 'lead' && !hurries) return;
    // While it still leads, the log is about to get what the database has ahead of it.
    if (!gently) this.#parts.onSuspect(true);
    this.#mode = 'settle';
    this.#gently = gently;
    this.#parts.post({ type: 'step-down', gently });
  }

  /** An entry that the SQL thread executed is in the log now. */
  proposed(id: EntryId): void {
    assert(id.index === this.#matched + 1, 'I6: entries are proposed without gaps');
    this.#position = id;
    this.#matched = id.index;
  }

  /** The log discarded its entries from `index` on. */
  truncated(index: Index): void {
    if (this.#matched < index) return;
    this.#matched = index - 1;
    this.#parts.onSuspect(true);
  }

  fromSql(message: SqlToLoop): void {
    switch (message.type) {
      case 'applied':
        this.#position = message.position;
        this.#applying = this.#applying.filter((part) => part.index > message.position.index);
        return;
      case 'stepped-down':
        return this.#settled('settle', message.position);
      case 'rolled-back':
        return this.#settled('roll-back', message.position);
      default:
    }
  }

  /** The answer to an order, which does not count any more if the database was given up meanwhile. */
  #settled(ordered: Mode, position: EntryId): void {
    if (this.#mode !== ordered) return;
    this.#position = position;
    this.#mode = 'follow';
  }

  /** Gives the SQL thread what it may do now. Call whenever something moved. */
  pump(commit: Index): void {
    if (this.#mode === 'follow') {
      if (this.#position.index > this.#matched) return this.#rollBack();
      this.#parts.onSuspect(false);
    }
    if (this.#mode === 'follow' && this.#elected !== null) this.#mode = 'catch-up';
    const { log } = this.#parts;
    if (this.#mode === 'follow') this.#apply(Math.min(commit, log.durableIndex));
    if (this.#mode !== 'catch-up') return;
    this.#apply(log.durableIndex);
    if (this.#position.index === log.lastIndex) this.#lead();
  }

  #lead(): void {
    assert(this.#elected !== null, 'elected');
    this.#mode = 'lead';
    this.#parts.post({ type: 'lead', term: this.#elected });
  }

  #rollBack(): void {
    const { log, post } = this.#parts;
    const term = log.term(this.#matched);
    assert(term !== undefined, 'the log still has what the database is brought back to');
    this.#mode = 'roll-back';
    post({ type: 'roll-back', to: { term, index: this.#matched } });
  }

  #apply(to: Index): void {
    let bytes = this.#applying.reduce((sum, part) => sum + part.bytes, 0);
    while (this.#matched < to && bytes < APPLYING_BYTES_MAX) {
      const entries = this.#parts.log.entries(this.#matched + 1, to, APPLY_BYTES_MAX);
      const size = dataBytes(entries);
      this.#matched += entries.length;
      this.#applying.push({ index: this.#matched, bytes: size });
      bytes += size;
      this.#parts.post(packEntries(entries));
    }
  }
}

function dataBytes(entries: readonly Entry[]): number {
  return entries.reduce((sum, entry) => sum + entry.data.length, 0);
}
