import { assert } from '../base/assert.ts';

/**
 * Names in a log directory. Segments are numbered in the order of their making, not by first index:
 * a truncation is itself appended (see `record.ts`), so a later segment can begin at a lower index.
 */
export const BASE_NAME = 'base';
/** Behind a name: a file not yet complete, removed at the next start. */
export const TEMPORARY_SUFFIX = '.tmp';

const SEGMENT_NAME = /^(\d{16})\.log$/;

export function segmentName(sequence: number): string {
  assert(Number.isSafeInteger(sequence) && sequence > 0, `not a segment number: ${sequence}`);
  return `${String(sequence).padStart(16, '0')}.log`;
}

/** The number of the segment that a file name stands for; null for other files. */
export function segmentSequence(name: string): number | null {
  const match = SEGMENT_NAME.exec(name);
  return match === null ? null : Number(match[1]);
}
