import type { Durability, Reached } from '../api/durability.ts';
import type { Statement, StatementResult } from '../api/request.ts';
import type { TransactionStep } from '../api/transaction-wire.ts';
import type { ErrorRecord } from '../base/errors.ts';
import type { EntryId, Index, MemberId, Term } from '../raft/entry.ts';
import type { ChecksumValue } from '../redo/checksum.ts';
import type { PageFrames } from '../sqlite/live-wal.ts';
import type { FlatWrites } from './flat-writes.ts';
import type { PackedBytes } from './packed-bytes.ts';
import type { PackedEntries } from './packed-entries.ts';
import type { Settled } from './settlement.ts';
import type { LoopStatus } from './status.ts';

/** What the three threads of a member say to each other. `key` is the asker's own number for a request. */

export interface DirectWrite {
  readonly key: number;
  readonly statements: readonly Statement[];
  readonly id: string | null;
}

/** How a write went. `position`, where there is one, must be committed before the answer is given. */
export type WriteAnswer =
  | {
      readonly key: number;
      readonly results: readonly StatementResult[];
      readonly position: EntryId;
    }
  | { readonly key: number; readonly error: ErrorRecord; readonly position?: EntryId };

/** The same for a step of a transaction, which comes through the loop. */
export type SqlAnswer =
  | { readonly results: Uint8Array; readonly position: EntryId }
  | { readonly error: ErrorRecord; readonly position?: EntryId };

/** The answer that the leader's loop gives once the position is as durable as was asked for. */
export type ForwardAnswer =
  | { readonly results: Uint8Array; readonly position: EntryId; readonly reached: Reached }
  | { readonly error: ErrorRecord };

/** An interactive transaction, in the whole cluster: the member that asked for it, and its name there. */
export interface TransactionRef {
  readonly from: MemberId;
  readonly name: string;
}

/**
 * The database at `id`, kept readable until it is released: the pages `pgnos` are in the WAL, at `frames`, the others in the
 * main file.
 */
export interface HeldSnapshot extends PageFrames {
  readonly id: EntryId;
  readonly bytes: number;
  readonly pageSize: number;
  readonly mainFd: number;
  readonly walFd: number;
}

/** Writes of one member to run in this order, each an encoded WireWrite. */
export interface ForwardedOrders extends PackedBytes {
  readonly type: 'forwarded-writes';
  readonly keys: readonly number[];
  /** Which of them may be acknowledged before they are committed. */
  readonly mayBeLost: readonly boolean[];
}

/** Encoded results of writes that came through the loop, all at one position. */
export interface ForwardedResults extends PackedBytes {
  readonly type: 'forwarded-results';
  readonly position: EntryId;
  readonly keys: readonly number[];
}

export type LoopToSql =
  | { readonly type: 'begin'; readonly at: EntryId; readonly checksum: ChecksumValue }
  | PackedEntries
  | { readonly type: 'lead'; readonly term: Term }
  /** `gently`: an interactive transaction may end first. */
  | { readonly type: 'step-down'; readonly gently: boolean }
  /** The commit index, which is in shared memory, moved, and the SQL thread waits for that. */
  | { readonly type: 'committed' }
  | { readonly type: 'roll-back'; readonly to: EntryId }
  | ForwardedOrders
  /** Successive entries that the log is about to discard, after `common`; of the last ones, `omitted` are not here. */
  | (Omit<PackedEntries, 'type'> & {
      readonly type: 'save-lost';
      readonly common: EntryId;
      readonly omitted: number;
    })
  | (TransactionRef & {
      readonly type: 'transaction';
      readonly key: number;
      readonly step: TransactionStep;
      readonly mayBeLost: boolean;
    })
  /** The member that asked for them is out of reach. */
  | { readonly type: 'drop-transactions'; readonly from: MemberId }
  /** Of the commit index this much is on disk. */
  | { readonly type: 'commit-kept'; readonly index: Index }
  /** Keep a committed state at this index or a later one readable, in place of what was asked for before. The answer repeats `ask`. */
  | { readonly type: 'hold-snapshot'; readonly ask: number; readonly atLeast: Index }
  | { readonly type: 'release-snapshot' }
  | {
      readonly type: 'install';
      readonly file: string;
      readonly id: EntryId;
      readonly checksum: ChecksumValue;
    }
  | { readonly type: 'close' };

export interface OpenedDatabase {
  readonly type: 'opened';
  readonly position: EntryId;
  /** Positions of the commits in the WAL, newest first. */
  readonly inWal: readonly EntryId[];
  readonly pageSize: number;
}

/** How the database is, for status; told now and then. */
export interface DatabaseReport {
  readonly type: 'report';
  readonly position: EntryId;
  readonly checksum: ChecksumValue;
  readonly pageSize: number;
  readonly databaseBytes: number;
  readonly walBytes: number;
  /** Files of lost writes. */
  readonly lostFiles: number;
}

export type SqlToLoop =
  | OpenedDatabase
  /** The database, our own or the one just received, cannot be used; another one is needed. */
  | { readonly type: 'unusable'; readonly error: ErrorRecord; readonly received: boolean }
  | { readonly type: 'begun'; readonly position: EntryId }
  | { readonly type: 'executed'; readonly id: EntryId; readonly handOver: Uint8Array }
  | ForwardedResults
  | {
      readonly type: 'forwarded-error';
      readonly key: number;
      readonly error: ErrorRecord;
      readonly position?: EntryId;
    }
  | (TransactionRef & {
      readonly type: 'transaction-answer';
      readonly key: number;
      readonly answer: SqlAnswer;
    })
  /** It was undone, for a reason of ours. */
  | (TransactionRef & { readonly type: 'transaction-ended'; readonly error: ErrorRecord })
  | { readonly type: 'applied'; readonly position: EntryId }
  | {
      readonly type: 'lost-saved';
      readonly file: string;
      readonly entries: number;
      readonly error: ErrorRecord | null;
    }
  | { readonly type: 'stepped-down'; readonly position: EntryId }
  | { readonly type: 'rolled-back'; readonly position: EntryId }
  /** The commit index shall be on disk, up to here at least: a checkpoint is to go as far. */
  | { readonly type: 'keep-commit'; readonly index: Index }
  | { readonly type: 'checkpointed'; readonly id: EntryId; readonly checksum: ChecksumValue }
  | DatabaseReport
  | {
      readonly type: 'snapshot-held';
      readonly ask: number;
      readonly snapshot: HeldSnapshot | null;
    }
  /** The held snapshot is no more. */
  | { readonly type: 'snapshot-lost' }
  | { readonly type: 'installed'; readonly position: EntryId }
  | { readonly type: 'warning'; readonly message: string }
  /** What keeps the database from being worked on, and is tried again all the time; null when it is over. */
  | { readonly type: 'hindered'; readonly error: ErrorRecord | null }
  | { readonly type: 'fault'; readonly error: ErrorRecord }
  | { readonly type: 'closed' };

/** Answers of single statements that returned no rows, all at one position: key, changes, last insert rowid of each. */
export interface PlainAnswers {
  readonly type: 'plain-answers';
  readonly position: EntryId;
  readonly flat: (number | bigint)[];
}

export type AppToSql =
  /** For the leadership of a term, its low bits: refused if that is over, so that no later ones of the same handle go before them. */
  | { readonly type: 'writes'; readonly flat: FlatWrites; readonly term: number }
  /** If the write has not begun, it is answered TIMED_OUT, and never will; else nothing happens. */
  | { readonly type: 'take-back'; readonly key: number }
  | { readonly type: 'readers-closed' };

export type SqlToApp =
  | { readonly type: 'answer'; readonly answer: WriteAnswer }
  | PlainAnswers
  /** Close every connection to the database and say so: the files are about to be replaced. */
  | { readonly type: 'close-readers' }
  | { readonly type: 'readers-may-open' }
  /** Something that reads may wait for has changed. */
  | { readonly type: 'news' }
  /** The WAL has become too long: snapshots end. */
  | { readonly type: 'snapshots-ended' }
  /** Open files that may be closed when no connection to the database is left in this process. */
  | { readonly type: 'descriptors-left'; readonly descriptors: readonly number[] };

export type AppToLoop =
  /** Writes in the order of the calls, each an encoded WireWrite, for whoever leads. */
  | ({
      readonly type: 'forward';
      readonly keys: readonly number[];
      readonly durabilities: readonly Durability[];
      readonly timeoutsMs: readonly number[];
    } & PackedBytes)
  /** A step of this member's own interactive transaction; `bytes` is encoded. */
  | {
      readonly type: 'transaction';
      readonly name: string;
      readonly key: number;
      readonly bytes: Uint8Array;
      readonly durability: Durability;
      /** It is the commit or the roll-back. */
      readonly last: boolean;
    }
  /** Its caller does not wait for its beginning any more. */
  | { readonly type: 'forget-transaction'; readonly name: string }
  | { readonly type: 'cancel'; readonly key: number }
  /** A direct write was executed at `position`, in the term with these low bits: tell when it is so durable. */
  | {
      readonly type: 'reach';
      readonly key: number;
      readonly term: number;
      readonly position: EntryId;
      readonly durability: Durability;
      readonly timeoutMs: number;
    }
  /** Asks for a commit index that is current now, until there is an answer or nobody wants it any more. */
  | { readonly type: 'read-index'; readonly key: number }
  | { readonly type: 'cancel-read-index'; readonly key: number }
  /** `bytes` is an encoded WireRead, for the leader. */
  | { readonly type: 'forward-read'; readonly key: number; readonly bytes: Uint8Array }
  | { readonly type: 'cancel-forward-read'; readonly key: number }
  /** The answer to a `serve-read`, an encoded ReadAnswer. */
  | { readonly type: 'served-read'; readonly key: number; readonly bytes: Uint8Array }
  /** `to` null: whoever has most of the log. */
  | {
      readonly type: 'transfer-leadership';
      readonly key: number;
      readonly to: MemberId | null;
    }
  | { readonly type: 'status'; readonly key: number }
  | { readonly type: 'close' };

/** What the leader says of forwarded writes: results once their position is as durable as was asked for. */
export type LeaderAnswer =
  | (ForwardedResults & { readonly reached: Reached })
  | { readonly type: 'forwarded-error'; readonly key: number; readonly error: ErrorRecord };

export type LoopToApp =
  /** Resolves `open`: the member serves. */
  | { readonly type: 'ready'; readonly address: string }
  | { readonly type: 'committed'; readonly index: Index }
  /** What became of the entries that this member made in a term that it led. */
  | ({ readonly type: 'settled' } & Settled)
  /** The direct write with this key is as durable as was asked for. */
  | { readonly type: 'reached'; readonly key: number; readonly reached: Reached }
  | LeaderAnswer
  | {
      readonly type: 'transaction-answer';
      readonly name: string;
      readonly key: number;
      readonly answer: ForwardAnswer;
    }
  | { readonly type: 'transaction-ended'; readonly name: string; readonly error: ErrorRecord }
  | {
      readonly type: 'leadership-transferred';
      readonly key: number;
      readonly leader: MemberId | null;
      readonly error: ErrorRecord | null;
    }
  | { readonly type: 'read-index'; readonly key: number; readonly index: Index }
  /** Another member's read, as this one leads. */
  | { readonly type: 'serve-read'; readonly key: number; readonly bytes: Uint8Array }
  | { readonly type: 'forwarded-read'; readonly key: number; readonly bytes: Uint8Array }
  /** Something that reads may wait for has changed. */
  | { readonly type: 'news' }
  | { readonly type: 'status'; readonly key: number; readonly status: LoopStatus }
  | { readonly type: 'failed'; readonly error: ErrorRecord }
  | {
      readonly type: 'log';
      readonly level: 'debug' | 'info' | 'warn' | 'error';
      readonly fields: object;
      readonly message: string;
    }
  | { readonly type: 'closed' };
