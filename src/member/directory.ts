import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import {
  asPacelineError,
  type ErrorCode,
  messageOf,
  PacelineError,
  saysFull,
  systemCode,
} from '../base/errors.ts';
import { writeFileAtomically } from '../log-store/atomic-file.ts';
import { TEMPORARY_SUFFIX } from '../log-store/layout.ts';
import { NODE_DISK } from '../log-store/node-disk.ts';
import type { MemberOptions } from './options.ts';

/** Where things are in a member's directory. */
export interface Layout {
  readonly lock: string;
  /** Who the directory belongs to; there when all else has been made. */
  readonly identity: string;
  /** The same while the first start makes the rest: what is there beside it was left by a first start that was interrupted. */
  readonly unfinished: string;
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
    unfinished: join(dir, 'member.json.unfinished'),
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

/**
 * Makes the directory where it is missing; returns what was made for that, the innermost first. One step at a time: asked for all of them
 * at once, Node 20 tries for ever where the system says that the parent is missing though it is there, as in /proc.
 */
export function makeDirectory(dir: string): string[] {
  const made: string[] = [];
  try {
    for (const path of missingUpTo(resolve(dir))) if (makeOne(path)) made.unshift(path);
    if (!statSync(dir).isDirectory()) throw new Error('it is a file');
    return made;
  } catch (error) {
    removeEmpty(made);
    throw cannotMake(error, dir);
  }
}

/** The outermost first. */
function missingUpTo(dir: string): string[] {
  const missing: string[] = [];
  for (let path = dir; !existsSync(path) && path !== dirname(path); path = dirname(path))
    missing.unshift(path);
  return missing;
}

/** False if somebody else was quicker. */
function makeOne(path: string): boolean {
  try {
    mkdirSync(path);
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST' && existsSync(path)) return false;
    throw error;
  }
}

/** Of directories the innermost first, as far as nobody has put anything into them. */
export function removeEmpty(dirs: readonly string[]): void {
  for (const dir of dirs) if (existsSync(dir) && readdirSync(dir).length === 0) rmdirSync(dir);
}

function cannotMake(error: unknown, dir: string): PacelineError {
  const full = saysFull(error);
  const hint = full
    ? 'free some space there'
    : 'name a directory, not a file, in a place where this user may write';
  const message = `cannot make the directory ${dir}: ${messageOf(error)}; ${hint}`;
  return new PacelineError(full ? 'DISK_FULL' : 'IO', message, { cause: error });
}

/** What is known of this member, if it has run here before; null for a new directory. Throws DIRECTORY_OF_ANOTHER, IO. */
export function readIdentity(layout: Layout, wanted: Identity): Identity | null {
  if (!existsSync(layout.identity)) {
    refuseFilesOfOthers(layout, wanted);
    return null;
  }
  const identity = parseIdentity(layout.identity, wanted);
  if (identity.id !== wanted.id)
    throw of(layout, `it belongs to member "${identity.id}", this is "${wanted.id}"`);
  if (identity.cluster !== wanted.cluster)
    throw of(
      layout,
      'it belongs to another cluster (the cluster’s name or its list of members is not the one it was made with)',
    );
  return identity;
}

/** A new member makes these anew. Where no first start was interrupted, they are somebody's data. */
function refuseFilesOfOthers(layout: Layout, wanted: Identity): void {
  if (existsSync(layout.unfinished)) return;
  const found = madeAnew(layout).filter((path) => existsSync(path));
  if (found.length === 0) return;
  const why = `there is ${found.join(' and ')}, but no ${layout.identity}`;
  throw new PacelineError(
    'DIRECTORY_OF_ANOTHER',
    `${why}: give a new member an empty directory; ${howToRestore(wanted)}. Nothing was changed`,
  );
}

/** What the first start of a member makes. */
export function madeAnew({ log, database, incoming }: Layout): string[] {
  return [log, dirname(database), incoming];
}

function howToRestore({ format, cluster, id }: Identity): string {
  const text = JSON.stringify({ format, cluster, id });
  return `if this is the directory of member "${id}", and only that file was lost, write it again: ${text}`;
}

function parseIdentity(path: string, wanted: Identity): Identity {
  let identity: Identity;
  try {
    identity = JSON.parse(readFileSync(path, 'utf8')) as Identity;
  } catch (error) {
    const message = `cannot read ${path}: ${messageOf(error)}; ${howToRestore(wanted)}`;
    throw new PacelineError('IO', message, { cause: error });
  }
  if (identity?.format === FORMAT) return identity;
  const why = `its format is ${identity?.format}, this version of Paceline knows ${FORMAT}`;
  throw new PacelineError('IO', `${path}: ${why}; start it with the version that made it`);
}

function of(layout: Layout, why: string): PacelineError {
  return new PacelineError(
    'DIRECTORY_OF_ANOTHER',
    `${layout.identity}: ${why}; give this member a directory of its own`,
  );
}

/** Who a member with these options is. */
export function identityOf(options: MemberOptions): Identity {
  const { id, import: imported } = options;
  const identity = { format: FORMAT, cluster: clusterIdOf(options), id };
  return imported === null ? identity : { ...identity, imported };
}

/** Before anything else is made. Throws DISK_FULL, IO. */
export function beginDirectory({ unfinished }: Layout, identity: Identity): Promise<void> {
  return write(unfinished, identity);
}

/** In place of what was known. Throws DISK_FULL, IO. */
export function writeIdentity(layout: Layout, identity: Identity): Promise<void> {
  return write(layout.identity, identity);
}

/** Durable when it returns. */
async function write(path: string, identity: Identity): Promise<void> {
  const text = `${JSON.stringify(identity)}\n`;
  try {
    await writeFileAtomically(path, new TextEncoder().encode(text));
  } catch (error) {
    rmSync(path + TEMPORARY_SUFFIX, { force: true });
    throw cannotWrite(error, dirname(path));
  }
}

/** When all has been made. */
export async function finishDirectory({ unfinished, identity }: Layout): Promise<void> {
  await NODE_DISK.rename(unfinished, identity);
  await NODE_DISK.syncDirectory(dirname(identity));
}

/** When what was begun cannot be made. */
export function abandonDirectory({ unfinished }: Layout): void {
  rmSync(unfinished, { force: true });
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
