import { judge } from '../history/check.ts';
import { formatFinding } from '../history/finding.ts';
import type { Operation } from '../history/operation.ts';
import { checkSessions } from '../history/sessions.ts';
import type { WorkloadOptions } from '../workload/workload.ts';

/** What is wrong with what clients were told. `final` was read when all was over. */
export function judgeHistory(
  history: readonly Operation[],
  final: readonly Operation[],
  { accounts, balance }: WorkloadOptions,
): string[] {
  const { findings, undecided } = judge(history, final, { bank: { accounts, balance } });
  return [
    ...[...findings, ...checkSessions(localReads(history))].map(formatFinding),
    ...undecided.map((object) => `${object}: too many operations to be put in order`),
  ];
}

/**
 * Reads of a member's own copy promise nothing about what others or the same client wrote, but while
 * its process is the same they never go back, on one object or between two: `client` says where that
 * holds (see clients.ts). So they are a session without its writes.
 */
function localReads(history: readonly Operation[]): Operation[] {
  let nobody = 0;
  return history.map((operation) =>
    operation.level === 'eventual' || operation.level === 'bounded'
      ? { ...operation, level: 'session' }
      : { ...operation, client: --nobody },
  );
}
