import { type ErrorCategory, PacelineError } from '../base/errors.ts';

/** How the process ends. Stable: scripts rely on them. (137 in a shell: killed, by a second SIGTERM or SIGINT.) */
export const EXIT = {
  OK: 0,
  /** This member is damaged or misconfigured, or Paceline has a bug: an operator has to act. */
  FAULT: 1,
  /** Flags, arguments or options that make no sense. */
  USAGE: 2,
  /** Understood and refused: an SQL error, a directory or an address in use. */
  REJECTED: 3,
  /** Nothing was done; the same call may succeed later or elsewhere. */
  UNAVAILABLE: 4,
  /** A write may or may not have taken effect. */
  OUTCOME_UNKNOWN: 5,
  /** `verify`: the databases are not identical. */
  DIFFERENT: 6,
} as const;

const OF_CATEGORY: Readonly<Record<ErrorCategory, number>> = {
  fault: EXIT.FAULT,
  rejected: EXIT.REJECTED,
  retryable: EXIT.UNAVAILABLE,
  redirect: EXIT.UNAVAILABLE,
  'unknown-outcome': EXIT.OUTCOME_UNKNOWN,
};

export function exitCodeOf(error: unknown): number {
  if (!(error instanceof PacelineError)) return EXIT.FAULT;
  return error.code === 'OPTIONS_INVALID' ? EXIT.USAGE : OF_CATEGORY[error.category];
}
