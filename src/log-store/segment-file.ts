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

/**
 * Zeros are written and synced in pieces of this size, so that appends to the active segment need
 * not wait for all.
 */
const ZERO_PIECE_BYTES = 256 * 1024;

/**
 * On Linux a segment is open with O_DSYNC: a write returns when its data is on disk, as if
 * fdatasync
 * followed, but in one job of libuv's thread pool instead of two. Elsewhere that flag may stop at
 * the
 * drive's cache (macOS) or be missing, and the sync is a call of its own.
 */
const SYNCED_BY_WRITE = process.platform === 'linux';
const SYNC_FLAG = SYNCED_BY_WRITE ? constants.O_DSYNC : 0;
const CREATE_SYNCED = constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC | SYNC_FLAG;

/**
 * Makes segment number `sequence`: filled with zeros to `bytes`, because a write into blocks that
 * exist
 * changes no metadata and so needs no journal commit with its sync. The file gets its name only
 * when it
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
  const fd = await openFile(temporary, CREATE_SYNCED);
  try {
    await writeZeros(fd, 0, bytes);
    await appendDurably(fd, encodeSegmentHeader({ sequence, salt }), 0);
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

/** Overwrites from..to with zeros, durably. */
export async function writeZeros(fd: number, from: number, to: number): Promise<void> {
  const zeros = new Uint8Array(Math.min(ZERO_PIECE_BYTES, Math.max(0, to - from)));
  for (let at = from; at < to; at += zeros.length) {
    await appendDurably(fd, zeros.subarray(0, Math.min(zeros.length, to - at)), at);
  }
}

export function openForAppend(dir: string, sequence: number): Promise<number> {
  return openFile(join(dir, segmentName(sequence)), constants.O_RDWR | SYNC_FLAG);
}

/** `fd` was opened with SYNC_FLAG. Durable when it returns. */
export async function appendDurably(fd: number, bytes: Uint8Array, at: number): Promise<void> {
  await writeAll(fd, bytes, at);
  if (!SYNCED_BY_WRITE) await syncData(fd);
}
