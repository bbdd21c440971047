import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { writeFileAtomically } from '../log-store/atomic-file.ts';
import { openFileLog } from '../log-store/file.ts';
import { type EntryId, INITIAL_HARD_STATE, type Membership, ORIGIN } from '../raft/entry.ts';
import { type ChecksumValue, DatabaseChecksum } from '../redo/checksum.ts';
import { PageHasher } from '../redo/page-hash.ts';
import { importDatabase } from '../sqlite/import.ts';
import { seedPage } from '../sqlite/seed.ts';
import {
  abandonDirectory,
  beginDirectory,
  cannotWrite,
  finishDirectory,
  type Identity,
  type Layout,
  madeAnew,
} from './directory.ts';
import type { MemberOptions } from './options.ts';

/** Room in a log record or a frame beside the entry that it carries. */
export const FRAME_MARGIN_BYTES = 2 ** 20;

/** Recent entries in memory, for followers that keep up; others are served from the disk. */
const LOG_CACHE_BYTES = 8 * 2 ** 20;

export function logLimits(options: MemberOptions) {
  return {
    segmentBytesMax: options.segmentBytesMax,
    entryBytesMax: options.transactionBytesMax + FRAME_MARGIN_BYTES,
    cacheBytesMax: LOG_CACHE_BYTES,
  };
}

/** The members that the options list, all of them voters. */
export function membershipOf({ members }: MemberOptions): Membership {
  const ids = Object.keys(members).sort();
  return ids.map((id) => ({ id, address: members[id]!, voter: true }));
}

/** Where the history of a cluster begins that starts with an imported file: before every term, but later than nothing. */
export const IMPORTED: EntryId = { term: 0, index: 1 };

/** Where a new member's history begins. */
interface Start {
  readonly id: EntryId;
  readonly checksum: ChecksumValue;
}

/**
 * Makes a new member's files: the database that every member of a new cluster starts from, and an empty log behind it. Until
 * the identity has its name the member has promised nothing to anybody, so what an interrupted first start left is thrown away.
 */
export async function createMember(
  layout: Layout,
  identity: Identity,
  options: MemberOptions,
  warn: (message: string) => void,
): Promise<void> {
  await beginDirectory(layout, identity);
  discard(layout);
  try {
    await writeFiles(layout, identity.cluster, options, warn);
  } catch (error) {
    // What there was no room for, or cannot be imported, must not take room.
    discard(layout);
    abandonDirectory(layout);
    throw cannotWrite(error, dirname(layout.identity));
  }
  await finishDirectory(layout);
}

/** A new member that has not been started. Interrupted in the middle of this, it is taken for one whose first start was interrupted. */
export function discardMember(layout: Layout): void {
  renameSync(layout.identity, layout.unfinished);
  discard(layout);
  abandonDirectory(layout);
}

function discard(layout: Layout): void {
  for (const path of madeAnew(layout)) rmSync(path, { recursive: true, force: true });
}

async function writeFiles(
  layout: Layout,
  cluster: string,
  options: MemberOptions,
  warn: (message: string) => void,
): Promise<void> {
  mkdirSync(dirname(layout.database), { recursive: true });
  if (options.import === null)
    return createLog(layout, options, await writeSeed(layout, options.pageSizeBytes));
  const { import: file } = options;
  const { checksum, warnings } = await importDatabase(file, layout.database, cluster, IMPORTED);
  await createLog(layout, options, { id: IMPORTED, checksum });
  warnings.forEach(warn);
}

async function writeSeed(layout: Layout, pageSize: number): Promise<Start> {
  const page = seedPage(pageSize);
  await writeFileAtomically(layout.database, page);
  return { id: ORIGIN, checksum: new PageHasher().hash(1, page).take() };
}

async function createLog(
  layout: Layout,
  options: MemberOptions,
  { id, checksum }: Start,
): Promise<void> {
  const extra = new DatabaseChecksum(checksum).toBytes();
  const base = { id, membership: membershipOf(options), extra };
  const failures: Error[] = [];
  const log = await openFileLog({
    dir: layout.log,
    ...logLimits(options),
    create: { base, hardState: INITIAL_HARD_STATE },
    onFailure: (error) => failures.push(error),
  });
  await log.close();
  if (failures[0] !== undefined) throw failures[0];
}
