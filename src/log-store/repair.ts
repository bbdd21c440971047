import { join } from 'node:path';
import { DiskLog } from './disk-log.ts';
import type { LogHome } from './home.ts';
import type { FileLogLimits } from './options.ts';
import type { Recovered } from './recovery.ts';
import { openForAppend, writeZeros } from './segment-file.ts';
import { SegmentWriter } from './segment-writer.ts';

/**
 * Carries out what recovery found necessary, and hands over the log ready for writing. Each step may
 * be repeated after a crash. What was read, names and bytes, may so far be in the system's memory
 * only (the process, not the machine, had crashed), hence the syncs before anything counts as
 * durable or is removed because of it.
 */
export async function repair(
  home: LogHome,
  found: Recovered,
  limits: FileLogLimits,
): Promise<DiskLog> {
  const { dir, disk } = home;
  await disk.syncDirectory(dir);
  for (const name of found.leftovers) await disk.remove(join(dir, name));
  if (found.leftovers.length > 0) await disk.syncDirectory(dir);
  const file = await openForAppend(home, found.active.sequence);
  const writer = new SegmentWriter(home, limits.segmentBytesMax, found.active, file, found.spare);
  const { index, base, hardState } = found;
  const log = new DiskLog({ home, index, terms: found.terms.copy(), writer, base, hardState });
  try {
    await file.sync();
    // A sync that failed before may have left the last flush readable but not on disk, and a sync
    // now would pass it over. Every flush before that one was confirmed.
    await file.write(found.lastFlush.bytes, found.lastFlush.at);
    // Zeros behind the last record, as they were before the torn write.
    if (found.torn) await writeZeros(file, found.active.end, found.active.fileBytes);
    await log.seal();
  } catch (error) {
    await log.abandon();
    throw error;
  }
  return log;
}
