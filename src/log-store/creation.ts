import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PacelineError } from '../base/errors.ts';
import { writeFileAtomically } from './atomic-file.ts';
import { encodeBase } from './base-file.ts';
import { closeFile, syncDirectory } from './file-io.ts';
import { FlushEncoder } from './flush-encoder.ts';
import { BASE_NAME } from './layout.ts';
import type { FileLogLimits, LogCreation } from './options.ts';
import { appendDurably, createSegment, openForAppend } from './segment-file.ts';
import { SEGMENT_HEADER_BYTES } from './segment-header.ts';

const FIRST_SEGMENT = 1;

export async function ensureDirectory(dir: string): Promise<void> {
  const made = await mkdir(dir, { recursive: true });
  if (made !== undefined) await syncDirectory(dirname(made));
}

/** A new log: the first segment with the hard state, then the base file, which makes it count. */
export async function createLog(
  dir: string,
  creation: LogCreation | undefined,
  limits: FileLogLimits,
): Promise<void> {
  if (creation === undefined) {
    const advice =
      'If the log was lost, remove this member from the cluster and add it again; ' +
      'it must not vote without the memory of its votes.';
    throw new PacelineError('LOG_DAMAGED', `there is no log in ${dir}. ${advice}`);
  }
  const { base, hardState } = creation;
  const { salt } = await createSegment(dir, FIRST_SEGMENT, limits.segmentBytesMax);
  const records = new FlushEncoder();
  records.start({ fresh: true, previous: base.id, previousEnd: 0, hardState });
  const { bytes } = records.encode({ salt, fileOffset: SEGMENT_HEADER_BYTES });
  const fd = await openForAppend(dir, FIRST_SEGMENT);
  try {
    await appendDurably(fd, bytes, SEGMENT_HEADER_BYTES);
  } finally {
    await closeFile(fd);
  }
  await writeFileAtomically(
    join(dir, BASE_NAME),
    encodeBase({ base, firstSegment: FIRST_SEGMENT }),
  );
}
