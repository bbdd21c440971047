import type { MemberStatus, Status } from '../api/status.ts';
import { renderTable } from './table.ts';

/** A status for people: this member above, the cluster as it sees it below. */
export function renderStatus(status: Status): string {
  const width = Math.max(...facts(status).map(([name]) => name.length));
  const lines = facts(status).map(([name, value]) => `${name.padEnd(width)}  ${value}`);
  return [...lines, '', renderMembers(status)].join('\n');
}

function facts(status: Status): (readonly [string, string])[] {
  const { position, snapshot, problem } = status;
  const lines: [string, string][] = [
    ['member', `${status.id} of cluster ${status.cluster}`],
    ['role', `${status.role} in term ${status.term}`],
    ['leader', status.leader ?? 'none known'],
    ['log', `${status.firstIndex} to ${status.lastIndex}, ${formatBytes(status.logBytes)}`],
    ['committed', `${status.commitIndex}, applied ${status.appliedIndex}`],
    ['copy', describeAge(status.copyAgeMs)],
    ['position', `term ${position.term}, index ${position.index}, checksum ${status.checksum}`],
    [
      'database',
      `${formatBytes(status.databaseBytes)} in pages of ${status.pageSize}, WAL ${formatBytes(status.walBytes)}`,
    ],
    ['process', `${status.pid}, up ${formatDuration(status.uptimeMs)}`],
  ];
  if (snapshot !== null) {
    const { receivedBytes, totalBytes } = snapshot;
    lines.push([
      'snapshot',
      `${formatBytes(receivedBytes)} of ${formatBytes(totalBytes)} received`,
    ]);
  }
  if (problem !== null) lines.push(['problem', `${problem.code}: ${problem.message}`]);
  return lines;
}

/** A member of an earlier version does not tell. */
function describeAge(ageMs: number | null | undefined): string {
  if (ageMs === null || ageMs === undefined)
    return 'of unknown age: no leader has confirmed what is committed';
  const age = ageMs < 1000 ? `${ageMs} ms` : formatDuration(ageMs);
  return `${age} old: all that was committed before that is in it`;
}

function renderMembers(status: Status): string {
  const columns = [
    ...['member', 'address', 'role', 'connected', 'durable to', 'behind by'],
    ...['replication', 'in flight', 'queued'],
  ];
  const rows = status.members.map((member) => [
    member.id,
    member.address,
    roleOf(member, status),
    member.id === status.id ? 'itself' : member.connected ? 'yes' : 'no',
    member.matchIndex,
    member.lagEntries,
    member.replication,
    describeInflight(member),
    describeQueued(member),
  ]);
  return renderTable(
    columns,
    rows.map((row) => row.map((value) => value ?? '-')),
  );
}

function describeInflight({ inflightEntries, inflightBytes }: MemberStatus): string | null {
  if (typeof inflightEntries !== 'number') return null;
  const entries = inflightEntries === 1 ? 'entry' : 'entries';
  return `${inflightEntries} ${entries}, ${formatBytes(inflightBytes ?? 0)}`;
}

/** A member of an earlier version does not tell this either. */
function describeQueued({ queuedBytes }: MemberStatus): string | null {
  return typeof queuedBytes === 'number' ? formatBytes(queuedBytes) : null;
}

function roleOf(member: MemberStatus, status: Status): string {
  if (member.id === status.leader) return 'leader';
  if (member.id === status.id) return status.role;
  return member.voter ? 'voter' : 'learner';
}

export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  const value = bytes / 1024 ** power;
  return `${power === 0 ? value : value.toFixed(1)} ${units[power]}`;
}

function formatDuration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const [days, hours, minutes] = [86_400, 3600, 60].map((unit) => Math.floor(seconds / unit));
  if (days! > 0) return `${days} d ${hours! % 24} h`;
  if (hours! > 0) return `${hours} h ${minutes! % 60} min`;
  return minutes! > 0 ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}
