import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { platform } from 'node:process';
import type { MemberProcess } from '../../demo/member-process.ts';
import { LIMITS } from './limits.ts';

/** What a process holds. */
export interface Holdings {
  /** Open descriptors by what they are of; see `kindOf`. */
  readonly descriptors: ReadonlyMap<string, number>;
  readonly rssBytes: number;
}

/** Null where the system does not tell: it takes Linux. */
export function holdingsOf({ pid, settings }: MemberProcess): Holdings | null {
  if (platform !== 'linux' || pid === null) return null;
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const rssBytes = 1024 * Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)![1]);
  const folder = `/proc/${pid}/fd`;
  const descriptors = new Map<string, number>();
  for (const fd of readdirSync(folder)) {
    const target = targetOf(`${folder}/${fd}`);
    if (target === null) continue;
    const kind = kindOf(target, settings.dir);
    descriptors.set(kind, (descriptors.get(kind) ?? 0) + 1);
  }
  return { descriptors, rssBytes };
}

/** Null for one that was closed since it was listed. */
function targetOf(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

const REPLACED = 'a database that was replaced';

/** The same for every member of a cluster. */
function kindOf(target: string, dir: string): string {
  if (target.startsWith(`${dir}/db/`) && target.endsWith(' (deleted)')) return REPLACED;
  return target
    .replace(`${dir}/`, '')
    .replace(/\d{16}\.log/, 'segment')
    .replace(/:\[\d+\]$/, '');
}

/** The most that any of these members holds: some of it only the leader does. */
export function mostOf(all: Iterable<Holdings>): Holdings {
  const descriptors = new Map<string, number>();
  let rssBytes = 0;
  for (const held of all) {
    for (const [kind, count] of held.descriptors)
      descriptors.set(kind, Math.max(count, descriptors.get(kind) ?? 0));
    rssBytes = Math.max(rssBytes, held.rssBytes);
  }
  return { descriptors, rssBytes };
}

/**
 * The rule: with nothing under way a member has at most `descriptorsMore` more descriptors than fresh
 * members have, and at most `rssTimesMax` times their memory and `rssBytesMore`. Connections to a
 * database that was replaced are closed, but the library that opened them may keep their files until
 * the garbage collector has passed, in each thread by itself: of these there are at most `descriptorsReplacedMax`.
 */
export function judgeHoldings(id: string, fresh: Holdings, now: Holdings): string[] {
  const found: string[] = [];
  const more = [...now.descriptors]
    .map(([kind, count]) => ({ kind, count: count - (fresh.descriptors.get(kind) ?? 0) }))
    .filter(({ count }) => count > 0);
  const sum = (of: typeof more) => of.reduce((total, { count }) => total + count, 0);
  const replaced = sum(more.filter(({ kind }) => kind === REPLACED));
  if (replaced > LIMITS.descriptorsReplacedMax || sum(more) - replaced > LIMITS.descriptorsMore) {
    const told = more.map(({ kind, count }) => `${kind} ×${count}`);
    found.push(`${id} has more descriptors than a fresh member: ${told.join(', ')}`);
  }
  const rssBytesMax = LIMITS.rssTimesMax * fresh.rssBytes + LIMITS.rssBytesMore;
  if (now.rssBytes > rssBytesMax)
    found.push(`${id} takes ${now.rssBytes} bytes of memory, a fresh one ${fresh.rssBytes}`);
  return found;
}
