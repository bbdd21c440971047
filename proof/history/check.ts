import { checkAcknowledged } from './acknowledged.ts';
import { checkCommittedReads } from './committed-reads.ts';
import type { Finding } from './finding.ts';
import {
  checkLinearizability,
  LINEARIZABILITY_DEFAULTS,
  type LinearizabilityOptions,
} from './linearizability.ts';
import type { History } from './operation.ts';
import { checkPositions } from './positions.ts';
import { checkCopies, checkSessions } from './sessions.ts';

/** The judgement of a whole run. It proves something only if `findings` and `undecided` are empty. */
export interface Judgement {
  readonly findings: readonly Finding[];
  /** Objects whose operations were too many to be put in order within the bound. */
  readonly undecided: readonly string[];
  /** Operations that were put in order, so that a run that checked nothing shows. */
  readonly ordered: number;
  readonly configurations: number;
}

/**
 * All checks of a history. `final`: reads of every object, called after everything else was over; they
 * are judged as strong reads, too.
 */
export function judge(
  history: History,
  final: History,
  options: Partial<LinearizabilityOptions> = {},
): Judgement {
  const { bank, configurationsMax } = { ...LINEARIZABILITY_DEFAULTS, ...options };
  const all = [...history, ...final];
  const order = checkLinearizability(all, { bank, configurationsMax });
  const findings = [
    ...checkAcknowledged(history, final),
    ...checkCommittedReads(all, bank),
    ...checkPositions(history),
    ...checkSessions(history),
    ...checkCopies(history),
    ...(order.violation === null ? [] : [order.violation]),
  ];
  const { undecided, operations: ordered, configurations } = order;
  return { findings, undecided, ordered, configurations };
}
