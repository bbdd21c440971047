import { join } from 'node:path';
import { layoutOf } from '../src/member/directory.ts';
import { closedLoop } from './closed-loop.ts';
import { Cluster } from './cluster.ts';
import { logUse } from './log-bytes.ts';
import type { BenchOptions } from './options.ts';
import { PlainSqlite } from './plain-sqlite.ts';
import { cpuSeconds } from './process-stats.ts';
import { COMMON_COLUMNS, type Column, column, printTable, progress, type Row } from './report.ts';
import { type Measured, median, medianOf } from './samples.ts';
import { batchesOfRows, createTable, insertInto, randomRow } from './table.ts';

const CONCURRENCIES = [1, 16, 64, 256];
const PACELINE = 'paceline, three members, quorum';
const PLAIN = 'plain sqlite, FULL';
const GROUPED = 'plain sqlite, FULL, c per transaction';

const COLUMNS: readonly Column[] = [
  ...COMMON_COLUMNS,
  column('× plain', 'ratioToPlain', 2),
  column('log B/write', 'logBytesPerWrite', 0),
  column('writes/commit', 'writesPerEntry', 1),
  column('app cpu', 'appCpu', 0, ' %'),
  column('follower cpu', 'followerCpu', 0, ' %'),
];

interface Cell {
  readonly system: string;
  readonly concurrency: number;
}

/** What is known of a cell of Paceline beside its speed; the times of a processor are shares of one core. */
interface Cost {
  readonly logBytesPerWrite: number;
  readonly writesPerEntry: number;
  readonly appCpu: number;
  readonly followerCpu: number;
}

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
  const rounds = new Map<Cell, Round[]>(cells.map((cell) => [cell, []]));
  for (let round = 1; round <= options.rounds; round++)
    for (const [i, cell] of cells.entries()) {
      progress(`writes, round ${round}: ${cell.system}, concurrency ${cell.concurrency}`);
      // A table of its own for each cell: all begin with as many rows and pages.
      const table = `t_${round}_${i}`;
      const measure =
        cell.system === PACELINE ? measureCluster(cluster, table, cell, options) : null;
      rounds.get(cell)?.push(await (measure ?? measurePlain(plain, table, cell, options)));
    }
  plain.close();
  await cluster.close();
  return report(cells, rounds);
}

function measurePlain(
  plain: PlainSqlite,
  table: string,
  { concurrency }: Cell,
  { seconds }: BenchOptions,
): Round {
  plain.makeTable(table);
  return plain.measure(table, concurrency, seconds);
}

async function measureCluster(
  cluster: Cluster,
  table: string,
  { concurrency }: Cell,
  { seconds }: BenchOptions,
): Promise<Round> {
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

function medianCost(rounds: readonly Round[]): Cost {
  const of = (name: keyof Cost) => median(rounds.map((round) => round[name] ?? Number.NaN));
  return {
    logBytesPerWrite: of('logBytesPerWrite'),
    writesPerEntry: of('writesPerEntry'),
    appCpu: of('appCpu'),
    followerCpu: of('followerCpu'),
  };
}
