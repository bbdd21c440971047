import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { join } from 'node:path';
import {
  closeFile,
  openFile,
  removeFile,
  renameFile,
  syncData,
  syncDirectory,
  syncFile,
  writeAll,
} from './file-io.ts';
import { segmentName, TEMPORARY_SUFFIX } from './layout.ts';
import { encodeSegmentHeader } from './segment-header.ts';

/** A segment that has its header and, behind it, only zeros. */
export interface BlankSegment {
  readonly sequence: number;
  readonly salt: number;
  readonly fileBytes: number;
}

/** Zeros are written in pieces so that appends to the active segment get their turn at the disk. */
const ZERO_PIECE_BYTES = 256 * 1024;

/**
 * Makes segment number `sequence`: filled with zeros to `bytes`, because a write into blocks that exist
 * changes no metadata and so needs no journal commit with its sync. The file gets its name only when it
 * is complete and synced, so a segment without a sound header is damage, never a torn creation.
 */
export async function createSegment(
  dir: string,
  sequence: number,
  bytes: number,
): Promise<BlankSegment> {
  const path = join(dir, segmentName(sequence));
  const temporary = path + TEMPORARY_SUFFIX;
  const salt = randomBytes(4).readUInt32BE();
  const fd = await openFile(temporary, 'w');
  try {
    await writeZeros(fd, 0, bytes);
    await writeAll(fd, encodeSegmentHeader({ sequence, salt }), 0);
    await syncFile(fd);
  } catch (error) {
    await removeFile(temporary);
    throw error;
  } finally {
    await closeFile(fd);
  }
  await renameFile(temporary, path);
  await syncDirectory(dir);
  return { sequence, salt, fileBytes: bytes };
}

/** Overwrites from..to with zeros. Not synced. */
export async function writeZeros(fd: number, from: number, to: number): Promise<void> {
  const zeros = new Uint8Array(Math.min(ZERO_PIECE_BYTES, Math.max(0, to - from)));
  for (let at = from; at < to; at += zeros.length) {
    await writeAll(fd, zeros.subarray(0, Math.min(zeros.length, to - at)), at);
  }
}

/**
 * On Linux a segment is open with O_DSYNC: a write returns when its data is on disk, as if fdatasync
 * followed, but in one job of libuv's thread pool instead of two. Elsewhere that flag may stop at the
 * drive's cache (macOS) or be missing, and the sync is a call of its own.
 */
const SYNCED_BY_WRITE = process.platform === 'linux';

export function openForAppend(dir: string, sequence: number): Promise<number> {
  const flags = SYNCED_BY_WRITE ? constants.O_RDWR | constants.O_DSYNC : constants.O_RDWR;
  return openFile(join(dir, segmentName(sequence)), flags);
}

/** `fd` comes from openForAppend. Durable when it returns. */
export async function appendDurably(fd: number, bytes: Uint8Array, at: number): Promise<void> {
  await writeAll(fd, bytes, at);
  if (!SYNCED_BY_WRITE) await syncData(fd);
}
