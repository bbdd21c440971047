import { join } from 'node:path';
import type { DiskFile } from './disk.ts';
import type { LogHome } from './home.ts';
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
 * Makes segment number `sequence`: filled with zeros to `bytes`, because a write into blocks that
 * exist
 * changes no metadata and so needs no journal commit with its sync. The file gets its name only
 * when it
 * is complete and synced, so a segment without a sound header is damage, never a torn creation.
 */
export async function createSegment(
  home: LogHome,
  sequence: number,
  bytes: number,
): Promise<BlankSegment> {
  const { dir, disk } = home;
  const path = join(dir, segmentName(sequence));
  const temporary = path + TEMPORARY_SUFFIX;
  const salt = home.newSalt();
  const file = await disk.open(temporary, { create: true, synced: true });
  try {
    await writeZeros(file, 0, bytes);
    await file.write(encodeSegmentHeader({ sequence, salt }), 0);
    await file.sync();
  } catch (error) {
    await disk.remove(temporary);
    throw error;
  } finally {
    await file.close();
  }
  await disk.rename(temporary, path);
  await disk.syncDirectory(dir);
  return { sequence, salt, fileBytes: bytes };
}

/** Overwrites from..to with zeros, durably: `file` is open for synced writes. */
export async function writeZeros(file: DiskFile, from: number, to: number): Promise<void> {
  const zeros = new Uint8Array(Math.min(ZERO_PIECE_BYTES, Math.max(0, to - from)));
  for (let at = from; at < to; at += zeros.length) {
    await file.write(zeros.subarray(0, Math.min(zeros.length, to - at)), at);
  }
}

/** Open for synced writes: each is durable when it resolves. */
export function openForAppend({ dir, disk }: LogHome, sequence: number): Promise<DiskFile> {
  return disk.open(join(dir, segmentName(sequence)), { create: false, synced: true });
}
