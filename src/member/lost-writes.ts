import type { LogStore } from '../log-store/log-store.ts';
import type { Entry, EntryId, Index, Term } from '../raft/entry.ts';
import type { Message } from '../raft/message.ts';
import { mayBeLost } from '../sqlite/entry-data.ts';
import type { LoopLog } from './loop-log.ts';
import { packEntries } from './packed-entries.ts';
import type { LoopToSql, SqlToLoop } from './protocol.ts';

export interface LostWritesParts {
  readonly log: LogStore;
  readonly post: (message: LoopToSql) => void;
  readonly loopLog: LoopLog;
  readonly bytesMax: number;
}

/**
 * Sees to it that what a new history discards of this member's log is saved before it is discarded (I10), if it has writes in it
 * that may have been acknowledged. Until it is saved, the leader's message that would discard it counts as lost on the
 * way; the leader sends it again.
 */
export class LostWrites {
  readonly #parts: LostWritesParts;
  /** The last entry of what was saved, or is being saved. */
  #last: EntryId | null = null;
  #from: Index = 0;
  #saved = false;

  constructor(parts: LostWritesParts) {
    this.#parts = parts;
  }

  /** Whether the message must not reach Raft, which is in this term, yet. */
  holdsBack(message: Message, now: Term): boolean {
    if (message.type !== 'append-request' || message.entries.length === 0) return false;
    // One of an older term Raft refuses: a leader that was replaced discards nothing here.
    if (message.term < now) return false;
    const { log } = this.#parts;
    const conflict = message.entries.find(({ index, term }) => {
      const ours = log.term(index);
      return ours !== undefined && ours !== term;
    });
    return conflict !== undefined && this.mustWait(conflict.index);
  }

  /**
   * The same for a snapshot in the place of what is above the commit index, of which nobody here can tell where the histories part:
   * from the first write that may have been acknowledged below a majority, since what lies before it is no loss.
   */
  mustWaitForSnapshot(commit: Index): boolean {
    const { log } = this.#parts;
    if (this.#last?.index === log.lastIndex && this.#last.term === log.term(log.lastIndex))
      return !this.#saved;
    const from = Math.max(commit, log.base.index) + 1;
    if (from > log.lastIndex) return false;
    const all = log.entries(from, log.lastIndex, Number.POSITIVE_INFINITY);
    const first = all.find(({ data }) => mayBeLost(data));
    return first !== undefined && this.mustWait(first.index);
  }

  /** Whether entries from `from` on have to be saved first; then that is under way when this returns. */
  mustWait(from: Index): boolean {
    const { log, post, bytesMax } = this.#parts;
    const term = log.term(log.lastIndex);
    const before = log.term(from - 1);
    if (from > log.lastIndex || term === undefined || before === undefined) return false;
    const last = { term, index: log.lastIndex };
    if (this.#last?.index === last.index && this.#last.term === term && this.#from <= from)
      return !this.#saved;
    const all = log.entries(from, last.index, Number.POSITIVE_INFINITY);
    if (!all.some(({ data }) => mayBeLost(data))) return false;
    const kept = firstBytes(all, bytesMax);
    this.#last = last;
    this.#from = from;
    this.#saved = false;
    const packed = { ...packEntries(kept), type: 'save-lost' as const };
    const common = { term: before, index: from - 1 };
    post({ ...packed, common, omitted: all.length - kept.length });
    return true;
  }

  /** The SQL thread has saved them, or could not: then it is tried again with the leader's next message. */
  done({ file, entries, error }: Extract<SqlToLoop, { type: 'lost-saved' }>): void {
    const { loopLog } = this.#parts;
    if (error !== null) {
      this.#last = null;
      loopLog.error({ code: error.code }, `lost writes cannot be saved: ${error.message}`);
      return;
    }
    this.#saved = true;
    loopLog.warn(
      `a failover has discarded ${entries} transactions of this member that may have been acknowledged below a majority: they are in ${file}; see "paceline lost"`,
      { event: 'lost-writes', file, entries },
    );
  }
}

/** As many of them as fit, one at least. */
function firstBytes(entries: readonly Entry[], bytesMax: number): readonly Entry[] {
  let bytes = 0;
  const end = entries.findIndex(({ data }, i) => {
    bytes += data.length;
    return i > 0 && bytes > bytesMax;
  });
  return end < 0 ? entries : entries.slice(0, end);
}
