import type { LogStore } from '../log-store/log-store.ts';
import type { Index } from '../raft/entry.ts';
import type { Message } from '../raft/message.ts';
import type { Raft } from '../raft/raft.ts';
import type { Ready } from '../raft/ready.ts';
import type { Compaction } from './compaction.ts';
import type { LoopToSql, SqlToLoop } from './protocol.ts';

export interface LogWriterParts {
  readonly log: LogStore;
  readonly raft: Raft;
  readonly compaction: Compaction;
  readonly send: (message: Message) => void;
  readonly post: (message: LoopToSql) => void;
  readonly turn: (work: () => void) => void;
}

/**
 * Puts into the log what Raft says, and goes on when that is on disk. Also keeps the commit index there before a checkpoint: whoever
 * is started anew then knows at least as much to be committed as its main file holds (I8).
 */
export class LogWriter {
  readonly #parts: LogWriterParts;
  /** The commit index that is on disk. */
  #kept: Index;

  constructor(parts: LogWriterParts) {
    this.#parts = parts;
    this.#kept = parts.log.hardState.commit;
  }

  write({ truncateFrom, entries, hardState, afterDurable }: Ready): void {
    const { log, raft, compaction, send, turn } = this.#parts;
    const nothing = truncateFrom === null && entries.length === 0 && hardState === null;
    if (nothing && afterDurable.length === 0) return;
    const last = entries.at(-1);
    for (const entry of entries) compaction.appended(entry.data.length);
    log.write({ truncateFrom, entries, hardState }, () =>
      turn(() => {
        for (const message of afterDurable) send(message);
        if (last !== undefined) raft.durable({ term: last.term, index: last.index });
        if (hardState !== null) this.#keptCommit(hardState.commit);
      }),
    );
  }

  /** The SQL thread asks for that with an index that is committed. True if it was meant. */
  fromSql(message: SqlToLoop): boolean {
    if (message.type !== 'keep-commit') return false;
    if (this.#kept >= message.index) this.#keptCommit(this.#kept);
    else this.#parts.raft.keepCommit();
    return true;
  }

  #keptCommit(index: Index): void {
    this.#kept = Math.max(this.#kept, index);
    this.#parts.post({ type: 'commit-kept', index: this.#kept });
  }
}
