import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  asPacelineError,
  type ErrorCode,
  messageOf,
  PacelineError,
  saysFull,
  systemCode,
} from '../base/errors.ts';
import { writeFileAtomically } from '../log-store/atomic-file.ts';
import type { MemberOptions } from './options.ts';

/** Where things are in a member's directory. */
export interface Layout {
  readonly lock: string;
  /** Who the directory belongs to; written last, so a directory without it is new. */
  readonly identity: string;
  readonly log: string;
  readonly database: string;
  readonly incoming: string;
  /** Files of writes that failovers discarded. */
  readonly lost: string;
}

export function layoutOf(dir: string): Layout {
  return {
    lock: join(dir, 'lock.db'),
    identity: join(dir, 'member.json'),
    log: join(dir, 'log'),
    database: join(dir, 'db', 'main.db'),
    incoming: join(dir, 'incoming.db'),
    lost: join(dir, 'lost'),
  };
}

/** The version of the layout and of the files in it. */
const FORMAT = 1;

export interface Identity {
  readonly format: number;
  readonly cluster: string;
  readonly id: string;
  /** The file that this member began the cluster's history with; absent where it had none. */
  readonly imported?: string;
  /** The longest promise that this member may have given as a voter (`promiseMs`); absent for none. */
  readonly promisedMs?: number;
}

/** Names the cluster by what all members are given alike: its name and who belonged to it at first. */
export function clusterIdOf({ cluster, members }: MemberOptions): string {
  const list = Object.keys(members).sort();
  return createHash('sha256')
    .update(JSON.stringify([cluster, list]))
    .digest('hex')
    .slice(0, 32);
}

/** Makes the directory where it is missing. */
export function makeDirectory(dir: string): void {
  try {
    mkdirSync(dir, { recursive: true });
  } catch (error) {
    const full = saysFull(error);
    const hint = full
      ? 'free some space there'
      : 'name a directory, not a file, in a place where this user may write';
    const message = `cannot make the directory ${dir}: ${messageOf(error)}; ${hint}`;
    throw new PacelineError(full ? 'DISK_FULL' : 'IO', message, { cause: error });
  }
}

/** What is known of this member, if it has run here before; null for a new directory. Throws DIRECTORY_OF_ANOTHER, IO. */
export function readIdentity(layout: Layout, cluster: string, id: string): Identity | null {
  if (!existsSync(layout.identity)) return null;
  const identity = parseIdentity(layout.identity);
  if (identity.id !== id)
    throw of(layout, `it belongs to member "${identity.id}", this is "${id}"`);
  if (identity.cluster !== cluster)
    throw of(
      layout,
      'it belongs to another cluster (the cluster’s name or its list of members is not the one it was made with)',
    );
  return identity;
}

function parseIdentity(path: string): Identity {
  try {
    const identity = JSON.parse(readFileSync(path, 'utf8')) as Identity;
    if (identity.format === FORMAT) return identity;
    throw new Error(`its format is ${identity.format}, this version knows ${FORMAT}`);
  } catch (error) {
    throw new PacelineError('IO', `cannot read ${path}: ${messageOf(error)}`, { cause: error });
  }
}

function of(layout: Layout, why: string): PacelineError {
  return new PacelineError(
    'DIRECTORY_OF_ANOTHER',
    `${layout.identity}: ${why}; give this member a directory of its own`,
  );
}

/** Durable when it returns. Throws DISK_FULL, IO. */
export async function writeIdentity(
  layout: Layout,
  identity: Omit<Identity, 'format'>,
): Promise<void> {
  const text = `${JSON.stringify({ format: FORMAT, ...identity })}\n`;
  try {
    await writeFileAtomically(layout.identity, new TextEncoder().encode(text));
  } catch (error) {
    throw cannotWrite(error, dirname(layout.identity));
  }
}

/** What an operator is told when a file of a member cannot be written at its start. */
export function cannotWrite(error: unknown, dir: string): PacelineError {
  if (error instanceof PacelineError || systemCode(error) === undefined)
    return asPacelineError(error);
  const [code, advice]: [ErrorCode, string] = saysFull(error)
    ? ['DISK_FULL', 'free some space there']
    : ['IO', 'check the disk and the permissions'];
  const message = `cannot write a member’s files in ${dir}: ${messageOf(error)}; ${advice}, then start this member again`;
  return new PacelineError(code, message, { cause: error });
}
