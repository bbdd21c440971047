import { type ErrorCode, PacelineError } from '../base/errors.ts';

/** Troubles that pass by themselves: a foreign process's lock, a full disk. */
const PASSING: readonly ErrorCode[] = ['DATABASE_BUSY', 'DISK_FULL'];
/** Troubles after which the database has to come from another member. */
const FATAL: readonly ErrorCode[] = [
  'DATABASE_DIVERGED',
  'DATABASE_DAMAGED',
  'DATABASE_MISSING',
  'FOREIGN_WRITE',
];
/** Troubles of the disk that refuse a commit and leave the database as it was. */
const REFUSING: readonly ErrorCode[] = ['DISK_FULL', 'IO'];

export function passes(error: unknown): boolean {
  return error instanceof PacelineError && PASSING.includes(error.code);
}

export function needsRebuild(error: unknown): error is PacelineError {
  return error instanceof PacelineError && FATAL.includes(error.code);
}

export function refusesCommits(code: ErrorCode): boolean {
  return REFUSING.includes(code);
}
