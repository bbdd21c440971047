import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { segmentSequence } from '../src/log-store/layout.ts';
import { RECORD_HEADER_BYTES } from '../src/log-store/record.ts';
import { scanSegment } from '../src/log-store/scan.ts';
import { decodeSegmentHeader } from '../src/log-store/segment-header.ts';

export interface LogUse {
  readonly entries: number;
  /** Of their records, headers included. */
  readonly bytes: number;
}

/** What the entries behind `after` up to `through` take in a log; `sinceMs` (Date.now()): older files are not read. */
export function logUse(logDir: string, after: number, through: number, sinceMs: number): LogUse {
  const found = new Map<number, number>();
  for (const name of readdirSync(logDir)) {
    const file = join(logDir, name);
    if (segmentSequence(name) === null || statSync(file).mtimeMs < sinceMs) continue;
    const bytes = new Uint8Array(readFileSync(file));
    scanSegment(bytes, decodeSegmentHeader(bytes, file).salt, (_, { type, index, bodyBytes }) => {
      if (type === 'entry' && index > after && index <= through)
        found.set(index, RECORD_HEADER_BYTES + bodyBytes);
    });
  }
  let bytes = 0;
  for (const size of found.values()) bytes += size;
  return { entries: found.size, bytes };
}
