import { layoutOf } from '../src/member/directory.ts';
import { closedLoop } from './closed-loop.ts';
import type { Cluster } from './cluster.ts';
import { logUse } from './log-bytes.ts';
import { cpuSeconds } from './process-stats.ts';
import { type Column, column } from './report.ts';
import { type Measured, median } from './samples.ts';
import { batchesOfRows, createTable, insertInto, randomRow } from './table.ts';

export const CONCURRENCIES = [1, 16, 64, 256];

export const COST_COLUMNS: readonly Column[] = [
  column('log B/write', 'logBytesPerWrite', 0),
  column('writes/commit', 'writesPerEntry', 1),
  column('app cpu', 'appCpu', 0, ' %'),
  column('follower cpu', 'followerCpu', 0, ' %'),
];

/** What is known of a cell of Paceline beside its speed; the times of a processor are shares of one core. */
export interface Cost {
  readonly logBytesPerWrite: number;
  readonly writesPerEntry: number;
  readonly appCpu: number;
  readonly followerCpu: number;
}

/** Writes of one row into a new table, by workers in the process of the application's member. */
export async function measureCluster(
  cluster: Cluster,
  table: string,
  concurrency: number,
  seconds: number,
): Promise<Measured & Cost> {
  const { app } = cluster;
  await app.batch(createTable(table));
  for (const batch of batchesOfRows(table)) await app.batch(batch);
  await cluster.caughtUp();
  const sql = insertInto(table);
  const pids = [process.pid, ...[...cluster.children.values()].map((child) => child.pid)];
  let before: number[] = [];
  const indexes: number[] = [];
  const startedMs = Date.now();
  const speed = await closedLoop({
    concurrency,
    seconds,
    operation: () => app.execute(sql, randomRow()),
    onAnswer: ({ position }) => indexes.push(position.index),
    onBegin: () => {
      before = pids.map(cpuSeconds);
    },
  });
  const cpu = pids.map((pid, i) => (100 * (cpuSeconds(pid) - before[i]!)) / seconds);
  const [appCpu, ...followers] = cpu as [number, ...number[]];
  const logDir = layoutOf(cluster.directory(cluster.appId)).log;
  return {
    ...speed,
    ...logCost(logDir, indexes, startedMs),
    appCpu,
    followerCpu: median(followers),
  };
}

/** Only entries between the first and the last answer count: of those at the ends not every write was seen. */
function logCost(logDir: string, indexes: readonly number[], sinceMs: number) {
  const [first, last] = [indexes[0] ?? 0, indexes.at(-1) ?? 0];
  const use = logUse(logDir, first, last - 1, sinceMs);
  const inside = indexes.filter((index) => index > first && index < last).length;
  return { logBytesPerWrite: use.bytes / inside, writesPerEntry: inside / use.entries };
}

export function medianCost(rounds: readonly Partial<Cost>[]): Cost {
  const of = (name: keyof Cost) => median(rounds.map((round) => round[name] ?? Number.NaN));
  return {
    logBytesPerWrite: of('logBytesPerWrite'),
    writesPerEntry: of('writesPerEntry'),
    appCpu: of('appCpu'),
    followerCpu: of('followerCpu'),
  };
}
