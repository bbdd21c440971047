import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { findFreePorts } from './free-ports.ts';
import { type DeathListener, logFileOf, MemberProcess } from './member-process.ts';

export const MEMBER_IDS = ['a', 'b', 'c'] as const;
const SECRET_BYTES = 32;

/** Three members on this machine, each a process. */
export interface Cluster {
  readonly dir: string;
  readonly members: readonly MemberProcess[];
  member(id: string): MemberProcess;
  start(): Promise<void>;
  /**
   * Followers first, `last` at the end: nothing is committed while they go, so all end at the same
   * position.
   */
  stop(last: string | null): Promise<boolean>;
  /** At once, as the last resort. */
  kill(): Promise<void>;
  /** Calls `listener` whenever a member's process ends without having been asked to stop. */
  onDeath(listener: DeathListener): void;
}

export interface ClusterOptions {
  /** Must be empty or missing; without it a new one is made where temporary files go. */
  readonly dir: string | null;
  /** The compiled `cli/main.js` that the members run. */
  readonly cli: string;
}

export async function createCluster(options: ClusterOptions): Promise<Cluster> {
  const dir = makeFreshDirectory(options.dir);
  const listeners: DeathListener[] = [];
  const members = await makeMembers(dir, options.cli, (member, killed) => {
    for (const listener of listeners) listener(member, killed);
  });
  const member = (id: string) => {
    const found = members.find((one) => one.id === id);
    if (found === undefined) throw new Error(`there is no member ${id}`);
    return found;
  };
  const start = async () => {
    await Promise.all(members.map((one) => one.start()));
  };
  const stop = async (last: string | null) => {
    const first = members.filter(({ id }) => id !== last);
    const clean = await Promise.all(first.map((one) => one.stop()));
    if (last !== null) clean.push(await member(last).stop());
    return clean.every((one) => one);
  };
  const kill = async () => {
    await Promise.all(members.map((one) => one.kill()));
  };
  const onDeath = (listener: DeathListener) => void listeners.push(listener);
  return { dir, members, member, start, stop, kill, onDeath };
}

function makeFreshDirectory(wanted: string | null): string {
  if (wanted === null) return mkdtempSync(join(tmpdir(), 'paceline-demo-'));
  const dir = resolve(wanted);
  mkdirSync(dir, { recursive: true });
  if (readdirSync(dir).length === 0) return dir;
  throw new Error(`${dir} is not empty: give another --dir, or none for a temporary one`);
}

async function makeMembers(
  dir: string,
  cli: string,
  onDeath: DeathListener,
): Promise<MemberProcess[]> {
  const secretFile = join(dir, 'secret');
  writeFileSync(secretFile, `${randomBytes(SECRET_BYTES).toString('hex')}\n`, { mode: 0o600 });
  const ports = await findFreePorts(2 * MEMBER_IDS.length);
  const peers = MEMBER_IDS.flatMap((id, i) => ['--member', `${id}=127.0.0.1:${ports[i]}`]);
  return MEMBER_IDS.map((id, i) => {
    const http = `127.0.0.1:${ports[MEMBER_IDS.length + i]}`;
    const own = ['--dir', join(dir, id), '--id', id, '--http', http];
    const args = ['serve', ...own, '--secret-file', secretFile, ...peers];
    const logFile = logFileOf(dir, id);
    return new MemberProcess(
      { id, dir: join(dir, id), url: `http://${http}`, logFile, args, cli },
      onDeath,
    );
  });
}
