import { checkBounded } from '../history/bounded.ts';
import { judge } from '../history/check.ts';
import { formatFinding } from '../history/finding.ts';
import type { Operation } from '../history/operation.ts';
import type { WorkloadOptions } from '../workload/workload.ts';
import { ELECTION_TIMEOUT_MS_MAX } from './limits.ts';

/** What is wrong with what clients were told. `final` was read when all was over. */
export function judgeHistory(
  history: readonly Operation[],
  final: readonly Operation[],
  { accounts, balance }: WorkloadOptions,
): string[] {
  const { findings, undecided } = judge(history, final, { bank: { accounts, balance } });
  return [
    ...[...findings, ...checkBounded(history, ELECTION_TIMEOUT_MS_MAX)].map(formatFinding),
    ...undecided.map((object) => `${object}: too many operations to be put in order`),
  ];
}
