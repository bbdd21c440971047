import { sameHash } from '../../src/redo/page-hash.ts';
import type { Client } from './client.ts';
import type { Cluster } from './cluster.ts';
import type { MemberProcess } from './member.ts';
import { firstDifference } from './sqlite/books.ts';
import { Violation } from './violation.ts';

/** What of a healed cluster is not as it should be in the end; empty when all is well. */
export function whatIsMissing(cluster: Cluster, clients: readonly Client[]): string {
  const waiting = clients.filter(({ idle }) => !idle).length;
  if (waiting > 0) return `${waiting} clients wait for an answer`;
  const leader = cluster.leader();
  if (leader === null) return 'nobody leads';
  const { raft } = leader;
  if (raft === null || raft.commit < raft.lastIndex) return 'not everything is committed';
  for (const { id } of raft.membership) {
    const machine = cluster.machines.get(id)!;
    if (machine.outOfService) continue;
    const why = differs(cluster, leader, machine.process);
    if (why !== null) return `${id} ${why}`;
  }
  return '';
}

function differs(
  { cluster, checker }: Cluster,
  leader: MemberProcess,
  member: MemberProcess | null,
): string | null {
  if (member === null || !member.ready || member.hasStopped) return 'does not serve';
  if (member.home.readers.holding > 0) return 'holds a state that nobody reads';
  const [one, other] = [leader.home.files, member.home.files];
  if (one === null || other === null) return 'has no database';
  const [at, behind] = [one.position(cluster), other.position(cluster)];
  if (at === null || at.index !== checker.commit) return 'has entries to apply';
  if (at.index !== behind?.index || at.term !== behind.term) return 'is behind';
  return sameHash(one.checksum, other.checksum) ? null : 'has another database';
}

/** Now that nothing is going on, every byte. Throws a Violation. */
export function compareDatabases(cluster: Cluster): void {
  const leader = cluster.leader()!;
  for (const { id, machine, home } of cluster.running()) {
    if (machine.outOfService) continue;
    const difference =
      differs(cluster, leader, machine.process) === null
        ? firstDifference(leader.home.files!, home.files!)
        : null;
    if (difference !== null) throw new Violation('I7 byte identity', `${id}: ${difference}`);
    const fault = home.files === null ? null : home.fault();
    if (fault !== null) throw new Violation('the database is whole', `${id}: ${fault}`);
  }
}
