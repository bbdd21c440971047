import { join } from 'node:path';
import { PacelineError } from '../base/errors.ts';
import { writeFileAtomically } from './atomic-file.ts';
import { encodeBase } from './base-file.ts';
import { WITHOUT_ITS_LOG } from './failure.ts';
import { FlushEncoder } from './flush-encoder.ts';
import type { LogHome } from './home.ts';
import { BASE_NAME } from './layout.ts';
import type { FileLogLimits, LogCreation } from './options.ts';
import { createSegment, openForAppend } from './segment-file.ts';
import { SEGMENT_HEADER_BYTES } from './segment-header.ts';

const FIRST_SEGMENT = 1;

/** A new log: the first segment with the hard state, then the base file, which makes it count. */
export async function createLog(
  home: LogHome,
  creation: LogCreation | undefined,
  limits: FileLogLimits,
): Promise<void> {
  const { dir, disk } = home;
  if (creation === undefined) {
    const why = 'this member must not vote without the memory of its votes';
    throw new PacelineError('LOG_DAMAGED', `there is no log in ${dir}: ${why}. ${WITHOUT_ITS_LOG}`);
  }
  const { base, hardState } = creation;
  const { salt } = await createSegment(home, FIRST_SEGMENT, limits.segmentBytesMax);
  const records = new FlushEncoder();
  records.start({ fresh: true, previous: base.id, previousEnd: 0, hardState });
  const { bytes } = records.encode({ salt, fileOffset: SEGMENT_HEADER_BYTES });
  const file = await openForAppend(home, FIRST_SEGMENT);
  try {
    await file.write(bytes, SEGMENT_HEADER_BYTES);
  } finally {
    await file.close();
  }
  await writeFileAtomically(
    join(dir, BASE_NAME),
    encodeBase({ base, firstSegment: FIRST_SEGMENT }),
    disk,
  );
}
