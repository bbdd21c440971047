import type { LogStore } from '../log-store/log-store.ts';
import type { EntryId, Index, MemberId, Term } from '../raft/entry.ts';
import type { Raft } from '../raft/raft.ts';
import type { Ready } from '../raft/ready.ts';
import type { DatabaseTracker } from './database-tracker.ts';
import type { LeaderLink } from './leader-link.ts';
import type { LoopLog } from './loop-log.ts';
import type { Port } from './port.ts';
import type { AppToLoop, LoopToApp, LoopToSql, SqlToLoop } from './protocol.ts';
import { Settlement } from './settlement.ts';
import type { SharedState } from './shared-state.ts';

export interface LeadershipParts {
  readonly raft: Raft;
  readonly log: LogStore;
  readonly tracker: DatabaseTracker;
  readonly leaderLink: LeaderLink;
  readonly sql: Port<SqlToLoop, LoopToSql>;
  readonly app: Port<AppToLoop, LoopToApp>;
  readonly shared: SharedState;
  readonly loopLog: LoopLog;
}

/** Tells everybody in this member who leads and what is committed, in the order that they rely on. */
export class Leadership {
  readonly #parts: LeadershipParts;
  readonly #settlement = new Settlement();
  /** The term that this member leads. */
  #term: Term | null = null;
  #begun = false;
  #knownLeader: MemberId | null = null;
  #committed: Index;
  /** Committed, and on this member's own disk. */
  #stable: Index;

  constructor(parts: LeadershipParts) {
    this.#parts = parts;
    this.#committed = parts.raft.commit;
    this.#stable = this.#committed;
    parts.shared.setCommitted(this.#committed);
    parts.shared.setStable(this.#stable);
  }

  /** Whether it is still open what became of entries that this member made as a leader. */
  get unsettled(): boolean {
    const { raft } = this.#parts;
    return this.#settlement.open || (raft.role === 'leader' && raft.commit < raft.lastIndex);
  }

  /** The SQL thread leads: what is sent to it from now on it takes, or never takes again in this term. */
  get begun(): boolean {
    return this.#begun;
  }

  note(ready: Ready): void {
    this.#noteRole(ready);
    if (ready.commit > this.#committed) this.#noteCommit(ready.commit);
  }

  /** An entry that the SQL thread executed. What comes too late is undone when the tracker sees that the log lacks it. */
  executed(id: EntryId, data: Uint8Array): void {
    const { raft, tracker } = this.#parts;
    if (id.term !== raft.term || !raft.canPropose()) return;
    this.#begun = true;
    // Spelt out, here and wherever it is done for each commit: a copy by `...` is slow for what came from another thread.
    raft.propose({ term: id.term, index: id.index, membership: null, data });
    tracker.proposed(id);
  }

  /** For the end of a turn, in which the commit index or this member's disk may have come further. */
  endTurn(): void {
    this.#parts.leaderLink.endTurn();
    const { shared, sql, raft, log } = this.#parts;
    const stable = Math.min(raft.commit, log.durableIndex);
    if (stable <= this.#stable) return;
    this.#stable = stable;
    shared.setStable(stable);
    if (shared.wantsCommit) sql.post({ type: 'committed' });
  }

  #noteRole({ role, term, leader }: Ready): void {
    const leads = role === 'leader';
    if (this.#term !== null && (!leads || this.#term !== term)) this.#lose(this.#term);
    if (leads && this.#term === null) {
      this.#term = term;
      this.#parts.tracker.elected(term);
    }
    if (leader === this.#knownLeader) return;
    this.#knownLeader = leader;
    const { loopLog, leaderLink } = this.#parts;
    loopLog.info({ term, leader, role }, leader === null ? 'no leader' : `${leader} leads`);
    leaderLink.reroute();
  }

  #lose(term: Term): void {
    const { shared, tracker, leaderLink } = this.#parts;
    this.#term = null;
    shared.setAccepting(null);
    this.#begun = false;
    this.#settlement.begin(term);
    tracker.stopLeading(false);
    leaderLink.lostLeadership();
  }

  /** What became of an earlier leadership is told before anything that is committed in a later one. */
  #noteCommit(commit: Index): void {
    const { shared, app, log, leaderLink } = this.#parts;
    this.#committed = commit;
    shared.setCommitted(commit);
    for (const settled of this.#settlement.settle(log, commit))
      app.post({ type: 'settled', ...settled });
    if (this.#term !== null) app.post({ type: 'committed', index: commit });
    leaderLink.committed();
  }
}
