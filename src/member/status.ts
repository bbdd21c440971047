import type { Role } from '../api/role.ts';
import type { MemberStatus, Status } from '../api/status.ts';
import type { LogStore } from '../log-store/log-store.ts';
import { type Index, ORIGIN } from '../raft/entry.ts';
import type { Raft } from '../raft/raft.ts';
import { DatabaseChecksum } from '../redo/checksum.ts';
import type { DatabaseHealth } from './database-health.ts';
import type { Network } from './network.ts';
import type { MemberOptions } from './options.ts';

export interface StatusParts {
  readonly options: MemberOptions;
  readonly cluster: string;
  readonly log: LogStore;
  readonly raft: Raft;
  readonly applied: Index;
  /** Writes that this leader has acknowledged and that are not committed. */
  readonly atRisk: number;
  readonly health: Pick<DatabaseHealth, 'report' | 'problem'>;
  readonly starting: boolean;
  readonly snapshot: Status['snapshot'];
  readonly uptimeMs: number;
  readonly network: Pick<Network, 'isConnected' | 'queuedBytes'>;
}

/** All but what only the application's thread waits for. */
export type LoopStatus = Omit<Status, 'copyAgeMs'>;

/** One picture of the member. */
export function makeStatus(parts: StatusParts): LoopStatus {
  const { options, cluster, log, raft, applied, snapshot, uptimeMs } = parts;
  const { report, problem } = parts.health;
  return {
    id: options.id,
    cluster,
    role: parts.starting ? 'starting' : roleOf(raft),
    term: raft.term,
    leader: raft.leader,
    commitIndex: raft.commit,
    // What a leader has executed ahead of the commit index does not count yet.
    appliedIndex: Math.min(applied, raft.commit),
    lastIndex: raft.lastIndex,
    acknowledgedAtRisk: raft.role === 'leader' ? parts.atRisk : null,
    firstIndex: log.base.index + 1,
    members: memberStatuses(parts),
    position: report?.position ?? ORIGIN,
    checksum: report === null ? '' : new DatabaseChecksum(report.checksum).toHex(),
    pageSize: report?.pageSize ?? options.pageSizeBytes,
    databaseBytes: report?.databaseBytes ?? 0,
    walBytes: report?.walBytes ?? 0,
    logBytes: log.sizeBytes,
    lostFiles: report?.lostFiles ?? 0,
    snapshot,
    problem: problem === null ? null : { code: problem.code, message: problem.message },
    pid: process.pid,
    uptimeMs: Math.round(uptimeMs),
  };
}

function roleOf(raft: Raft): Role {
  return raft.role === 'pre-candidate' ? 'candidate' : raft.role;
}

function memberStatuses({ options, raft, network }: StatusParts): MemberStatus[] {
  const progress = raft.progress();
  const leads = raft.role === 'leader';
  return raft.membership.map(({ id, address, voter }) => {
    const self = id === options.id;
    const follower = progress.get(id);
    const match = self && leads ? raft.lastIndex : follower?.match;
    return {
      id,
      address,
      voter,
      connected: self || network.isConnected(id),
      matchIndex: match ?? null,
      lagEntries: match === undefined ? null : raft.lastIndex - match,
      replication: follower?.state ?? null,
      inflightEntries: follower?.inflightEntries ?? null,
      inflightBytes: follower?.inflightBytes ?? null,
      queuedBytes: self ? 0 : network.queuedBytes(id),
    };
  });
}
