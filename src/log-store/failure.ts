import { messageOf, PacelineError } from '../base/errors.ts';
import { systemCode } from './disk.ts';

const FULL = new Set(['ENOSPC', 'EDQUOT']);

/**
 * What the operator is told when the log could not be written. The cause keeps the system's error.
 */
export function writeFailure(error: unknown, dir: string): PacelineError {
  if (error instanceof PacelineError) return error;
  const what = `the log in ${dir} could not be written (${messageOf(error)})`;
  const code = systemCode(error);
  if (code !== undefined && FULL.has(code)) {
    const advice = 'Free space on that file system, then restart this member.';
    return new PacelineError('DISK_FULL', `${what}. ${advice}`, { cause: error });
  }
  if (code === undefined) return new PacelineError('INTERNAL', `${what}.`, { cause: error });
  const advice = 'Check the disk and the permissions, then restart this member.';
  return new PacelineError('IO', `${what}. ${advice}`, { cause: error });
}

/** What the operator is told when stored bytes are not what was written. */
export function damaged(file: string, at: number, why: string): PacelineError {
  return new PacelineError('LOG_DAMAGED', damage(file, at, why));
}

export function hardStateDamaged(file: string, at: number, why: string): PacelineError {
  return new PacelineError('HARD_STATE_DAMAGED', damage(file, at, why));
}

function damage(file: string, at: number, why: string): string {
  return (
    `${file} is damaged at byte ${at}: ${why}. Entries or votes that this member ` +
    `has acknowledged may be lost, so it must not go on with this log. ${WITHOUT_ITS_LOG}`
  );
}

/** What to do with a member whose log is lost. A majority without it can have lost entries, and a vote can be given twice. */
export const WITHOUT_ITS_LOG =
  'Move its directory aside, and start it with an empty one when all other members run, one of them leads, and none ' +
  'is behind (paceline status); they give it a copy. A member that is alone needs a backup.';
