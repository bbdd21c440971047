import { join } from 'node:path';
import { DiskLog } from './disk-log.ts';
import { removeFile, syncData, syncDirectory } from './file-io.ts';
import type { FileLogLimits } from './options.ts';
import type { Recovered } from './recovery.ts';
import { openForAppend, writeZeros } from './segment-file.ts';
import { SegmentWriter } from './segment-writer.ts';

/**
 * Carries out what recovery found necessary, and hands over the log ready for writing. Each step
 * may
 * be repeated after a crash. What was read may so far be in the page cache only (the process, not
 * the
 * machine, had crashed during a flush), hence the sync before anything counts as durable.
 */
export async function repair(
  dir: string,
  found: Recovered,
  limits: FileLogLimits,
): Promise<DiskLog> {
  for (const name of found.leftovers) await removeFile(join(dir, name));
  if (found.leftovers.length > 0) await syncDirectory(dir);
  const fd = await openForAppend(dir, found.active.sequence);
  const writer = new SegmentWriter(dir, limits.segmentBytesMax, found.active, fd, found.spare);
  const { index, base, hardState } = found;
  const disk = new DiskLog({ dir, index, terms: found.terms.copy(), writer, base, hardState });
  try {
    await syncData(fd);
    // Zeros behind the last record, as they were before the torn write.
    if (found.torn) await writeZeros(fd, found.active.end, found.active.fileBytes);
    await disk.seal();
  } catch (error) {
    await disk.abandon();
    throw error;
  }
  return disk;
}
