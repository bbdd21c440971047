import { join } from 'node:path';
import { Cluster } from './cluster.ts';
import { CONCURRENCIES, measureCluster } from './cluster-writes.ts';
import type { BenchOptions } from './options.ts';
import { PlainSqlite } from './plain-sqlite.ts';
import { Postgres } from './postgres.ts';
import type { PostgresPrograms } from './postgres-programs.ts';
import { COMMON_COLUMNS, type Column, column, printTable, progress, type Row } from './report.ts';
import { type Cell, inRounds, type Turn } from './rounds.ts';
import { type Measured, medianOf } from './samples.ts';
import { PACELINE, PLAIN } from './writes.ts';

export const POSTGRES = 'postgresql, two standbys, ANY 1';

const COLUMNS: readonly Column[] = [
  ...COMMON_COLUMNS,
  column('× plain', 'ratioToPlain', 2),
  column('× PostgreSQL', 'ratioToPostgres', 2),
  column('p50 × PostgreSQL', 'p50RatioToPostgres', 2),
];

const CELLS: readonly Cell[] = [
  { system: PLAIN, concurrency: 1 },
  ...CONCURRENCIES.flatMap((concurrency) => [
    { system: PACELINE, concurrency },
    { system: POSTGRES, concurrency },
  ]),
];

/** The same one-row writes to Paceline and to PostgreSQL, in turns, where both acknowledge what two of three have flushed. */
export async function besidePostgres(
  dir: string,
  programs: PostgresPrograms,
  options: BenchOptions,
): Promise<Row[]> {
  progress('postgresql: starting three servers');
  const postgres = await Postgres.start(programs, join(dir, 'postgresql-servers'));
  const cluster = await Cluster.start(join(dir, 'postgresql'), 'app');
  const plain = new PlainSqlite(join(dir, 'postgresql-plain.db'));
  const measure = async ({ system, concurrency }: Cell, turn: Turn): Promise<Measured> => {
    const { table, seconds } = turn;
    if (system === PLAIN) return plain.measureNewTable(table, concurrency, seconds);
    if (system === PACELINE) return measureCluster(cluster, table, concurrency, seconds);
    return postgres.measureNewTable(table, concurrency, seconds);
  };
  const rounds = await inRounds('postgresql', CELLS, options, measure);
  plain.close();
  await cluster.close();
  await postgres.close();
  const rows = compared(rounds);
  printTable(
    `The same writes beside PostgreSQL ${postgres.version} with synchronous replication`,
    COLUMNS,
    rows,
  );
  return rows.map((row) => ({ ...row, postgres: postgres.version }));
}

/** Of each cell the medians of its rounds, and what they are of those of SQLite alone and of PostgreSQL with as many workers. */
export function compared(rounds: ReadonlyMap<Cell, readonly Measured[]>): Row[] {
  const medians = [...rounds].map(([cell, of]) => ({
    ...cell,
    ...medianOf(of),
    roundsPerSecond: of.map((round) => Math.round(round.perSecond)),
  }));
  const plain = medians.find(({ system }) => system === PLAIN);
  return medians.map((row): Row => {
    const postgres = medians.find(
      ({ system, concurrency }) => system === POSTGRES && concurrency === row.concurrency,
    );
    if (plain === undefined || postgres === undefined)
      throw new Error('a cell has nothing to be compared with');
    return {
      workload: 'postgresql',
      ...row,
      ratioToPlain: row.perSecond / plain.perSecond,
      ratioToPostgres: row.perSecond / postgres.perSecond,
      p50RatioToPostgres: row.p50ms / postgres.p50ms,
    };
  });
}
