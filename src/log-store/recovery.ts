import { join } from 'node:path';
import { systemCode } from '../base/errors.ts';
import type { HardState } from '../raft/entry.ts';
import { type BaseFile, decodeBase } from './base-file.ts';
import { damaged, hardStateDamaged } from './failure.ts';
import type { LogHome } from './home.ts';
import { BASE_NAME, segmentName, segmentSequence, TEMPORARY_SUFFIX } from './layout.ts';
import type { LogBase } from './log-store.ts';
import { FLAG_FRESH } from './record.ts';
import { Replay } from './replay.ts';
import { isZero, type SegmentEnd, scanSegment } from './scan.ts';
import type { BlankSegment } from './segment-file.ts';
import { decodeSegmentHeader, SEGMENT_HEADER_BYTES } from './segment-header.ts';
import type { DiskIndex } from './segment-index.ts';
import type { ActiveSegment } from './segment-writer.ts';
import type { TermRuns } from './term-runs.ts';

/** What a log directory holds, and what is to be put right before it can be written to. */
export interface Recovered {
  readonly base: LogBase;
  readonly hardState: HardState;
  readonly terms: TermRuns;
  readonly index: DiskIndex;
  readonly active: ActiveSegment;
  readonly spare: BlankSegment | null;
  /** The flush whose records end at `active.end`, as it was read. */
  readonly lastFlush: { readonly at: number; readonly bytes: Uint8Array };
  /** Bytes behind `active.end` are not zero: left by a torn write. */
  readonly torn: boolean;
  /** Names of files that no longer count. */
  readonly leftovers: readonly string[];
}

interface LoadedSegment extends BlankSegment {
  readonly file: string;
  readonly bytes: Uint8Array;
}

/**
 * Reads a log directory without changing it. Null when no log has been completed there: it is
 * empty, or
 * a crash interrupted the creation. Throws LOG_DAMAGED or HARD_STATE_DAMAGED naming file and byte.
 */
export async function recover(home: LogHome): Promise<Recovered | null> {
  const { dir, disk } = home;
  const names = [...(await disk.list(dir))].sort();
  const temporary = names.filter((name) => name.endsWith(TEMPORARY_SUFFIX));
  const numbers = names.map(segmentSequence).filter((sequence) => sequence !== null);
  const file = await readBase(home);
  if (file === null) {
    await refuseUnlessUncreated(home, numbers);
    return null;
  }
  const kept = numbers.filter((sequence) => sequence >= file.firstSegment);
  const dropped = numbers.filter((sequence) => sequence < file.firstSegment).map(segmentName);
  checkConsecutive(dir, file.firstSegment, kept);
  return await replaySegments(home, file, kept, [...temporary, ...dropped]);
}

async function readBase({ dir, disk }: LogHome): Promise<BaseFile | null> {
  const path = join(dir, BASE_NAME);
  try {
    return decodeBase(await disk.readFile(path), path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    throw error;
  }
}

/** Creation makes segment 1 first and the base file last, and writes no entry in between. */
async function refuseUnlessUncreated(home: LogHome, numbers: readonly number[]): Promise<void> {
  for (const sequence of numbers) {
    const { bytes, salt } = await loadSegment(home, sequence);
    let records = 0;
    scanSegment(bytes, salt, () => records++);
    if (sequence !== 1 || records > 1) {
      throw damaged(join(home.dir, BASE_NAME), 0, 'the file is missing, but segments are there');
    }
  }
}

function checkConsecutive(dir: string, first: number, kept: readonly number[]): void {
  for (let i = 0; i < Math.max(kept.length, 1); i++) {
    if (kept[i] === first + i) continue;
    throw damaged(join(dir, segmentName(first + i)), 0, 'the file is missing');
  }
}

async function loadSegment({ dir, disk }: LogHome, sequence: number): Promise<LoadedSegment> {
  const file = join(dir, segmentName(sequence));
  const bytes = await disk.readFile(file);
  const header = decodeSegmentHeader(bytes, file);
  if (header.sequence !== sequence) throw damaged(file, 12, `it is segment ${header.sequence}`);
  return { file, bytes, sequence, salt: header.salt, fileBytes: bytes.length };
}

/** Holds one segment in memory at a time. */
async function replaySegments(
  home: LogHome,
  file: BaseFile,
  kept: readonly number[],
  leftovers: readonly string[],
): Promise<Recovered> {
  const { used, spare, complete, leftovers: uncounted } = await findUsed(home, kept);
  const replay = new Replay(file.base);
  let active: ActiveSegment | null = null;
  let torn = false;
  let lastFlush = { at: SEGMENT_HEADER_BYTES, bytes: new Uint8Array(0) };
  for (const sequence of used) {
    const segment = await loadSegment(home, sequence);
    replay.openSegment(segment.file, sequence, segment.salt, segment.fileBytes);
    let flushAt = SEGMENT_HEADER_BYTES;
    const end = scanSegment(segment.bytes, segment.salt, (at, header, body) => {
      replay.record(at, header, body);
      flushAt = header.flushOffset;
    });
    refuseDamage(segment.file, end, sequence === used.at(-1) && !complete);
    replay.closeSegment(end.at);
    const { salt, fileBytes } = segment;
    active = { sequence, salt, fileBytes, end: end.at };
    torn = end.tail === 'torn';
    lastFlush = { at: flushAt, bytes: segment.bytes.slice(flushAt, end.at) };
  }
  const { terms, hardState } = replay.finish();
  if (active === null) throw damaged(home.dir, 0, 'no segment is left');
  const commit = Math.min(hardState.commit, replay.index.lastIndex);
  return {
    base: file.base,
    hardState: { ...hardState, commit },
    terms,
    index: replay.index,
    active,
    spare,
    lastFlush,
    torn,
    leftovers: [...leftovers, ...uncounted],
  };
}

function refuseDamage(file: string, end: SegmentEnd, mayBeTorn: boolean): void {
  const acceptable = end.tail === 'clean' || (end.tail === 'torn' && mayBeTorn);
  if (acceptable) return;
  const why = end.tail === 'damaged' ? end.why : 'unreadable, but a later segment follows';
  if (end.type === 'hard-state') throw hardStateDamaged(file, end.at, why);
  throw damaged(file, end.at, why);
}

interface SegmentsInUse {
  readonly used: readonly number[];
  /** Prepared, never written to. */
  readonly spare: BlankSegment | null;
  /** Something had been written behind the last one in use, so that one is complete. */
  readonly complete: boolean;
  /** Begun, but never counted. */
  readonly leftovers: readonly string[];
}

/**
 * Finds the last segment that counts. Behind it there may be one that was prepared and never used,
 * one
 * whose first flush was torn, and one begun by a reset that did not get as far as the base file.
 */
async function findUsed(home: LogHome, kept: readonly number[]): Promise<SegmentsInUse> {
  const used = [...kept];
  const leftovers: string[] = [];
  let spare: BlankSegment | null = null;
  let complete = false;
  while (used.length > 1) {
    const last = await loadSegment(home, used.at(-1)!);
    const { sequence, salt, fileBytes } = last;
    const blank = isZero(last.bytes, SEGMENT_HEADER_BYTES);
    if (!blank && !isUncounted(last)) break;
    if (spare !== null) leftovers.push(segmentName(spare.sequence));
    spare = blank ? { sequence, salt, fileBytes } : null;
    if (!blank) leftovers.push(segmentName(sequence));
    complete ||= !blank;
    used.pop();
  }
  return { used, spare, complete, leftovers };
}

/**
 * Not even its start is whole, or it is marked fresh though the base file does not begin with it.
 */
function isUncounted(segment: LoadedSegment): boolean {
  let records = 0;
  let fresh = false;
  const end = scanSegment(segment.bytes, segment.salt, (_at, header) => {
    records++;
    fresh ||= header.type === 'start' && (header.flags & FLAG_FRESH) !== 0;
  });
  return end.tail !== 'damaged' && (records === 0 || (fresh && records === 1));
}
