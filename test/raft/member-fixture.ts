import type { Index, MemberId, Membership, Term } from '../../src/raft/entry.ts';
import type { Raft } from '../../src/raft/raft.ts';
import type { Ready, SnapshotNeed } from '../../src/raft/ready.ts';
import type { MemoryLog } from './memory-log.ts';

/** `a`, `b`: voters; `(c)`: a learner. */
export function membership(...names: string[]): Membership {
  return names
    .map((name) => ({
      id: name.replace(/[()]/g, ''),
      address: `${name.replace(/[()]/g, '')}:1`,
      voter: !name.startsWith('('),
    }))
    .sort((x, y) => (x.id < y.id ? -1 : 1));
}

type Waiting =
  | {
      readonly kind: 'write';
      readonly ready: Ready;
      /** The last entry of the log after this write. */
      readonly last: { term: Term; index: Index };
      /** Of the entry before the first one written. */
      readonly previousTerm: Term | undefined;
    }
  | { readonly kind: 'compaction' };

/** One member with its disk. `raft` is replaced at a restart. */
export class Member {
  readonly id: MemberId;
  readonly log: MemoryLog;
  raft: Raft;
  up = true;
  /** Its disk does not finish anything during `run`. */
  slow = false;
  waiting: Waiting[] = [];
  snapshotNeed: SnapshotNeed | null = null;
  reads: { context: number; index: Index }[] = [];
  readsFailed: number[] = [];
  /** The term in which it last proposed as a new leader. */
  startedTerm = 0;

  constructor(id: MemberId, log: MemoryLog, raft: Raft) {
    this.id = id;
    this.log = log;
    this.raft = raft;
  }
}
