import type { Operation } from '../history/operation.ts';
import type { Workload } from '../workload/workload.ts';

/** What is wrong with what clients were told. */
export function judgeHistory(
  history: readonly Operation[],
  final: readonly Operation[],
  workload: Workload,
): string[] {
  void workload;
  void history;
  void final;
  return [];
}
