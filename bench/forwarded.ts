import { join } from 'node:path';
import { Cluster } from './cluster.ts';
import { CONCURRENCIES, COST_COLUMNS, measureCluster, medianCost } from './cluster-writes.ts';
import type { BenchOptions } from './options.ts';
import { COMMON_COLUMNS, printTable, type Row } from './report.ts';
import { type Cell, inRounds } from './rounds.ts';
import { medianOf } from './samples.ts';

const SYSTEM = 'paceline, through a follower';

/** The same one-row writes from a process that embeds a follower: each goes to the leader, with a request id. */
export async function forwarded(dir: string, options: BenchOptions): Promise<Row[]> {
  const cluster = await Cluster.start(join(dir, 'forwarded'), 'another');
  const cells = CONCURRENCIES.map((concurrency): Cell => ({ system: SYSTEM, concurrency }));
  const rounds = await inRounds(
    'forwarded',
    cells,
    options,
    ({ concurrency }, { table, seconds }) => measureCluster(cluster, table, concurrency, seconds),
  );
  await cluster.close();
  const rows = [...rounds].map(
    ([cell, of]): Row => ({
      workload: 'forwarded',
      ...cell,
      ...medianOf(of),
      ...medianCost(of),
      roundsPerSecond: of.map((round) => Math.round(round.perSecond)),
    }),
  );
  printTable('The same writes through a follower', [...COMMON_COLUMNS, ...COST_COLUMNS], rows);
  return rows;
}
