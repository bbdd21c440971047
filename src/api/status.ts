import type { ErrorCode } from '../base/errors.ts';
import type { Role } from './role.ts';

/** What this member knows about another one. */
export interface MemberStatus {
  readonly id: string;
  readonly address: string;
  readonly voter: boolean;
  /** Whether the connection to it is up. */
  readonly connected: boolean;
  /** Known to the leader only: the last index known to be durable there; null elsewhere. */
  readonly matchIndex: number | null;
  /** Entries behind the leader's log; null where unknown. */
  readonly lagEntries: number | null;
  /**
   * Known to the leader only, of the others, as are the next two; null elsewhere. How it sends its log there:
   * - `probe`: it is finding out where the logs agree, or the member is away; at most one message is out.
   * - `replicate`: entries are sent as they come, without waiting for each answer.
   * - `snapshot`: its log does not go back far enough for that member, which fetches a database from another one.
   */
  readonly replication: 'probe' | 'replicate' | 'snapshot' | null;
  /** Entries that were sent to it and that it has not confirmed. What is not sent stays in the log, on disk. */
  readonly inflightEntries: number | null;
  /** Bytes of the messages that brought them; bounded, see docs/limits.md. */
  readonly inflightBytes: number | null;
  /** Bytes of any kind that wait here for the connection to it; bounded, too. */
  readonly queuedBytes: number;
}

/** One picture of a member. */
export interface Status {
  readonly id: string;
  readonly cluster: string;
  readonly role: Role;
  readonly term: number;
  readonly leader: string | null;
  readonly commitIndex: number;
  readonly appliedIndex: number;
  readonly lastIndex: number;
  /**
   * How old this copy is: it has all that was committed so many milliseconds ago, by this member's own clock, as a leader
   * that a majority confirmed has told it. It grows while no leader can be asked, or while this copy falls behind; null
   * when none has told yet.
   */
  readonly copyAgeMs: number | null;
  /**
   * Known to the leader only: acknowledged writes that would be lost if it died now; 0 unless writes ask for less than a
   * majority (`durability`).
   */
  readonly acknowledgedAtRisk: number | null;
  readonly firstIndex: number;
  readonly members: readonly MemberStatus[];
  /** The database's own position, as in its `_paceline` row. */
  readonly position: { readonly term: number; readonly index: number };
  /** Database checksum at `position`, 16 hexadecimal digits. */
  readonly checksum: string;
  readonly pageSize: number;
  readonly databaseBytes: number;
  readonly walBytes: number;
  readonly logBytes: number;
  /** Files of writes that failovers discarded, in this member's directory; see `paceline lost`. */
  readonly lostFiles: number;
  /** A snapshot being received: bytes so far and in all; null when there is none. */
  readonly snapshot: { readonly receivedBytes: number; readonly totalBytes: number } | null;
  /**
   * What keeps this member's database from being worked on, and is tried again all the time: a foreign process's lock
   * (`DATABASE_BUSY`), a full disk (`DISK_FULL`); null when there is nothing.
   */
  readonly problem: { readonly code: ErrorCode; readonly message: string } | null;
  readonly pid: number;
  readonly uptimeMs: number;
}
