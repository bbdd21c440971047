import { join } from 'node:path';
import { Cluster } from './cluster.ts';
import {
  CONCURRENCIES,
  COST_COLUMNS,
  type Cost,
  measureCluster,
  medianCost,
} from './cluster-writes.ts';
import type { BenchOptions } from './options.ts';
import { PlainSqlite } from './plain-sqlite.ts';
import { COMMON_COLUMNS, type Column, column, printTable, type Row } from './report.ts';
import { type Cell, inRounds } from './rounds.ts';
import { type Measured, medianOf } from './samples.ts';

export const PACELINE = 'paceline, three members, quorum';
export const PLAIN = 'plain sqlite, FULL';
const GROUPED = 'plain sqlite, FULL, c per transaction';

const COLUMNS: readonly Column[] = [
  ...COMMON_COLUMNS,
  column('× plain', 'ratioToPlain', 2),
  ...COST_COLUMNS,
];

type Round = Measured & Partial<Cost>;

/** One-row writes, each its own execute(), from the process that embeds the leader; beside them SQLite alone. */
export async function writes(dir: string, options: BenchOptions): Promise<Row[]> {
  const cluster = await Cluster.start(join(dir, 'writes'), 'app');
  const plain = new PlainSqlite(join(dir, 'plain.db'));
  const cells: Cell[] = [
    { system: PLAIN, concurrency: 1 },
    ...CONCURRENCIES.map((concurrency) => ({ system: PACELINE, concurrency })),
    ...CONCURRENCIES.slice(1).map((concurrency) => ({ system: GROUPED, concurrency })),
  ];
  const rounds = await inRounds(
    'writes',
    cells,
    options,
    async ({ system, concurrency }, { table, seconds }): Promise<Round> =>
      system === PACELINE
        ? measureCluster(cluster, table, concurrency, seconds)
        : plain.measureNewTable(table, concurrency, seconds),
  );
  plain.close();
  await cluster.close();
  return report(cells, rounds);
}

function report(cells: readonly Cell[], rounds: ReadonlyMap<Cell, readonly Round[]>): Row[] {
  const one = medianOf(rounds.get(cells[0]!) ?? []).perSecond;
  const rows = cells.map((cell): Row => {
    const of = rounds.get(cell) ?? [];
    const speed = medianOf(of);
    return {
      workload: 'writes',
      ...cell,
      ...speed,
      ratioToPlain: speed.perSecond / one,
      ...(cell.system === PACELINE ? medianCost(of) : {}),
      roundsPerSecond: of.map((round) => Math.round(round.perSecond)),
    };
  });
  printTable(
    'Durable one-row writes (rows of about 100 bytes, index on a random column)',
    COLUMNS,
    rows,
  );
  return rows;
}
