import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Account, accountNamed } from './account.ts';

const PROGRAMS = ['initdb', 'postgres', 'pg_basebackup'];
/** Where Debian puts each version into a folder of its own, outside PATH. */
const DEBIAN = '/usr/lib/postgresql';
/** Who runs PostgreSQL where this process is root: it refuses to be root itself. */
const USER = 'postgres';

/** What it takes to run PostgreSQL's server. */
export interface PostgresPrograms {
  /** Directory of the programs. */
  readonly bin: string;
  /** null: the user of this process. */
  readonly account: Account | null;
}

/** If it cannot be run here, a sentence that says what to do. */
export function findPostgres(): PostgresPrograms | string {
  const inPath = (process.env.PATH ?? '').split(delimiter).filter((dir) => dir !== '');
  const bin = [...inPath, ...versionsIn(DEBIAN)].find(hasPrograms);
  if (bin === undefined)
    return `PostgreSQL’s server is not here: install it (Debian: apt-get install postgresql), or put ${PROGRAMS.join(', ')} in PATH`;
  if (process.getuid?.() !== 0) return { bin, account: null };
  const account = accountNamed(USER);
  if (account === null)
    return `PostgreSQL does not run as root, and there is no user ${USER}: add one, or run this as another user`;
  return { bin, account };
}

/** The newest first. */
export function versionsIn(parent: string): string[] {
  if (!existsSync(parent)) return [];
  return readdirSync(parent)
    .toSorted((a, b) => Number(b) - Number(a))
    .map((version) => join(parent, version, 'bin'));
}

export function hasPrograms(dir: string): boolean {
  return PROGRAMS.every((name) => isExecutable(join(dir, name)));
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
