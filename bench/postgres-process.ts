/**
 * PostgreSQL with quorum synchronous replication, started and kept by a process of its own: `node postgres-process.js SPEC`. Tells
 * its parent when both standbys take part. Neither the servers nor their directory outlive the parent, however that ends; SIGTERM
 * ends them, too.
 */
import { chownSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { PostgresChildren } from './postgres-children.ts';
import { connectToPostgres, HOST, one, SUPERUSER } from './postgres-client.ts';
import type { PostgresPrograms } from './postgres-programs.ts';
import { until, WAIT_MS } from './until.ts';

export interface PostgresSpec {
  readonly programs: PostgresPrograms;
  /** Made by this process, and removed by it when it ends. */
  readonly dir: string;
  /** The primary's first, then the standbys'. */
  readonly ports: readonly number[];
}

export type FromPostgres =
  | { readonly type: 'ready' }
  | { readonly type: 'failed'; readonly message: string };

const PRIMARY = 'primary';
const STANDBYS = ['s1', 's2'];

/** Beside PostgreSQL's defaults. The promise is that of Paceline's quorum: on the disks of two of three. */
const SETTINGS = {
  fsync: 'on',
  synchronous_commit: 'on',
  synchronous_standby_names: `ANY 1 (${STANDBYS.join(', ')})`,
  listen_addresses: HOST,
  unix_socket_directories: '',
  // The most workers, and some for itself.
  max_connections: '300',
  // It would work during the turns of the others.
  autovacuum: 'off',
};

/** A process that was killed may still be on its way out. */
const RETRIES = 5;

const { programs, dir, ports } = JSON.parse(process.argv[2] ?? '') as PostgresSpec;
const [primaryPort = 0] = ports;
mkdirSync(dir, { mode: 0o700 });
if (programs.account !== null) chownSync(dir, programs.account.uid, programs.account.gid);
const children = new PostgresChildren(programs, dir);

let ending = false;
async function end(): Promise<void> {
  if (ending) return;
  ending = true;
  await children.end();
  rmSync(dir, { recursive: true, force: true, maxRetries: RETRIES });
  process.exit();
}

function tell(message: FromPostgres): Promise<void> {
  return new Promise((resolve) => {
    if (process.connected) process.send?.(message, undefined, undefined, () => resolve());
    else resolve();
  });
}

async function fail(reason: string): Promise<void> {
  if (!ending)
    await tell({ type: 'failed', message: `${reason}; its log:\n${children.lastLogLines()}` });
  await end();
}

function serve(name: string, port: number): void {
  const settings = Object.entries({ ...SETTINGS, port, cluster_name: name });
  const args = settings.flatMap(([setting, value]) => ['-c', `${setting}=${value}`]);
  children.serve(['-D', join(dir, name), ...args], (how) =>
    fail(`PostgreSQL’s server “${name}” ended with ${how}`),
  );
}

async function startPrimary(): Promise<void> {
  const form = ['--auth=trust', `--username=${SUPERUSER}`, '--encoding=UTF8', '--locale=C'];
  await children.run('initdb', ...form, '-D', join(dir, PRIMARY));
  serve(PRIMARY, primaryPort);
  await until('PostgreSQL’s primary to take connections', Date.now() + WAIT_MS, async () => {
    try {
      await (await connectToPostgres(primaryPort)).end();
      return true;
    } catch {
      return false; // not yet; if it has ended, that is noticed elsewhere, and why it does not answer is in its log
    }
  });
}

/** A standby calls itself by its cluster_name where nothing else is said. */
async function startStandby(name: string, port: number): Promise<void> {
  const source = ['-h', HOST, '-p', String(primaryPort), '-U', SUPERUSER];
  const form = ['--checkpoint=fast', '--wal-method=stream', '--write-recovery-conf'];
  await children.run('pg_basebackup', ...source, ...form, '-D', join(dir, name));
  serve(name, port);
}

async function standbysVote(): Promise<void> {
  const names = STANDBYS.map((name) => `'${name}'`).join(', ');
  const sql = `SELECT count(DISTINCT application_name)::int AS count FROM pg_stat_replication
    WHERE sync_state = 'quorum' AND state = 'streaming' AND application_name IN (${names})`;
  const client = await connectToPostgres(primaryPort);
  await until('both standbys of PostgreSQL to take part', Date.now() + WAIT_MS, async () => {
    return (await one<{ count: number }>(client, sql)).count === STANDBYS.length;
  });
  await client.end();
}

process.on('SIGTERM', end);
process.on('disconnect', end);
if (!process.connected) await end(); // it went before it was listened for
try {
  await startPrimary();
  for (const [i, name] of STANDBYS.entries()) await startStandby(name, ports[i + 1] ?? 0);
  await standbysVote();
  await tell({ type: 'ready' });
} catch (error) {
  await fail(error instanceof Error ? error.message : String(error));
}
