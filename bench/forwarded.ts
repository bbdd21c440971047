import { join } from 'node:path';
import { Cluster } from './cluster.ts';
import { CONCURRENCIES, COST_COLUMNS, measureCluster, medianCost } from './cluster-writes.ts';
import type { BenchOptions } from './options.ts';
import { COMMON_COLUMNS, printTable, progress, type Row } from './report.ts';
import { medianOf } from './samples.ts';

/** The same one-row writes from a process that embeds a follower: each goes to the leader, with a request id. */
export async function forwarded(dir: string, options: BenchOptions): Promise<Row[]> {
  const cluster = await Cluster.start(join(dir, 'forwarded'), 'another');
  const rounds = new Map(
    CONCURRENCIES.map((c) => [c, [] as Awaited<ReturnType<typeof measureCluster>>[]]),
  );
  for (let round = 1; round <= options.rounds; round++)
    for (const [concurrency, measured] of rounds) {
      progress(`forwarded writes, round ${round}: concurrency ${concurrency}`);
      const table = `t_${round}_${concurrency}`;
      measured.push(await measureCluster(cluster, table, concurrency, options));
    }
  await cluster.close();
  const rows = [...rounds].map(
    ([concurrency, of]): Row => ({
      ...{ workload: 'forwarded', system: 'paceline, through a follower', concurrency },
      ...{ ...medianOf(of), ...medianCost(of) },
      roundsPerSecond: of.map((round) => Math.round(round.perSecond)),
    }),
  );
  printTable('The same writes through a follower', [...COMMON_COLUMNS, ...COST_COLUMNS], rows);
  return rows;
}
