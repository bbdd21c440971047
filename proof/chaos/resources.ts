import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { platform } from 'node:process';
import type { MemberProcess } from '../../demo/member-process.ts';
import { LIMITS } from './limits.ts';

/** What a process holds. */
export interface Holdings {
  readonly descriptors: readonly string[];
  readonly rssBytes: number;
}

/** Null where the system does not tell: it takes Linux. */
export function holdingsOf({ pid }: MemberProcess): Holdings | null {
  if (platform !== 'linux' || pid === null) return null;
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const rssBytes = 1024 * Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)![1]);
  const folder = `/proc/${pid}/fd`;
  const descriptors = readdirSync(folder).flatMap((fd) => targetOf(`${folder}/${fd}`));
  return { descriptors: descriptors.sort(), rssBytes };
}

/** Empty for one that was closed since it was listed. */
function targetOf(path: string): string[] {
  try {
    return [readlinkSync(path).replace(/:\[\d+\]$/, '')];
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

/**
 * The rule: with nothing under way a member has at most `descriptorsMore` more descriptors than a
 * fresh one, and at most `rssTimesMax` times its memory and `rssBytesMore`.
 */
export function judgeHoldings(id: string, fresh: Holdings, now: Holdings): string[] {
  const found: string[] = [];
  const more = now.descriptors.length - fresh.descriptors.length;
  if (more > LIMITS.descriptorsMore)
    found.push(
      `${id} has ${now.descriptors.length} descriptors, a fresh one ${fresh.descriptors.length}:` +
        ` ${describeMore(fresh.descriptors, now.descriptors)}`,
    );
  const rssBytesMax = LIMITS.rssTimesMax * fresh.rssBytes + LIMITS.rssBytesMore;
  if (now.rssBytes > rssBytesMax)
    found.push(`${id} takes ${now.rssBytes} bytes of memory, a fresh one ${fresh.rssBytes}`);
  return found;
}

function describeMore(before: readonly string[], now: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const target of now) counts.set(target, (counts.get(target) ?? 0) + 1);
  for (const target of before) counts.set(target, (counts.get(target) ?? 0) - 1);
  const more = [...counts].filter(([, count]) => count > 0);
  return more.map(([target, count]) => `${target} ×${count}`).join(', ');
}
