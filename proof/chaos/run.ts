import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Durability } from '../../src/api/durability.ts';
import { Prng } from '../../src/base/prng.ts';
import { isRead, type Operation, type ReadLevel } from '../history/operation.ts';
import { type ClusterResult, runCluster, type Sabotage } from './cluster-run.ts';
import { defaultDurabilities } from './limits.ts';
import { noFaults } from './nemesis.ts';
import type { Report } from './report.ts';
import { FAULT_KINDS, type FaultKind, pick } from './schedule.ts';
import type { Told } from './told.ts';

export interface ChaosOptions {
  readonly seed: number;
  /** Of faults, over all clusters; starting and checking come on top. */
  readonly minutes: number;
  /** Members of each cluster, which run one after the other. */
  readonly clusters: readonly number[];
  /** The compiled `cli/main.js` that members run. */
  readonly cli: string;
  readonly say: (line: string) => void;
  /** What the nemesis may do; default: everything. */
  readonly kinds?: readonly FaultKind[];
  readonly sabotage?: Sabotage;
  /** Called with what ends all processes at once, whenever that changes. */
  readonly onAbort?: (abort: () => Promise<void>) => void;
}

const MS_PER_MINUTE = 60_000;
const NO_SMALL_DISK =
  'it takes the right to mount a tmpfs: Linux, and root or a sudo that does not ask';

/** Runs the clusters. What violations need to be understood stays in the directory that is told. */
export async function runChaos(options: ChaosOptions): Promise<Report> {
  const {
    seed,
    minutes,
    clusters,
    cli,
    say,
    kinds = FAULT_KINDS,
    sabotage = {},
    onAbort = () => {},
  } = options;
  const base = mkdtempSync(join(tmpdir(), 'paceline-chaos-'));
  const prng = new Prng(seed);
  const durabilities = clusters.map((count, i) =>
    drawDefault(idsOf(count), (seed >>> 1) + i, prng),
  );
  const counts = noFaults();
  const results: ClusterResult[] = [];
  for (const [i, count] of clusters.entries()) {
    const result = await runCluster({
      ...{ cli, ids: idsOf(count), durability: durabilities[i]!, counts, kinds, sabotage },
      dir: join(base, String(i)),
      leases: (seed + i) % 2 === 1,
      seed: prng.next(),
      forMs: (minutes * MS_PER_MINUTE) / clusters.length,
      completes: i === clusters.length - 1,
      say: (line) => say(`[${count} members] ${line}`),
      onStart: (abort) => onAbort(() => abort().then(() => rmSync(base, { recursive: true }))),
    });
    results.push(result);
    if (result.violations.length > 0) break;
  }
  const violations = results.flatMap((result) => result.violations);
  const kept = violations.length === 0 ? null : base;
  if (kept === null) rmSync(base, { recursive: true });
  const ran = clusters.slice(0, results.length);
  const told = { seed, minutes, clusters: ran, default_durabilities: durabilities };
  return { ...summary(results), ...told, faults: counts, violations, kept };
}

function idsOf(count: number): string[] {
  return Array.from({ length: count }, (_, i) => String.fromCharCode(97 + i));
}

/** Of two clusters in a row one may lose writes that ask for nothing, and the other may not. */
function drawDefault(ids: readonly string[], number: number, prng: Prng): Durability {
  const { weak, strong } = defaultDurabilities(ids);
  return pick(number % 2 === 0 ? weak : strong, prng);
}

function summary(results: readonly ClusterResult[]) {
  const operations = results.flatMap(({ history }) => history);
  const writes = operations.filter(({ action }) => !isRead(action));
  const count = (kind: Operation['outcome']['kind']) =>
    writes.filter(({ outcome }) => outcome.kind === kind).length;
  const errors: Record<string, number> = {};
  for (const result of results)
    for (const [code, times] of result.errors) errors[code] = (errors[code] ?? 0) + times;
  const lost = { writes: 0, without_asking: 0, excused: 0, files: 0 };
  for (const result of results)
    for (const name of ['writes', 'without_asking', 'excused', 'files'] as const)
      lost[name] += result.lost[name];
  const hasDisk = results.every(({ hasSmallDisk }) => hasSmallDisk);
  const skipped: Partial<Record<FaultKind, string>> = hasDisk ? {} : { 'full-disk': NO_SMALL_DISK };
  return {
    operations: operations.length,
    acknowledged: count('ok'),
    unknown: count('unknown'),
    rejected: count('rejected'),
    reads: countReads(operations),
    durabilities: countDurabilities(writes),
    applications: countStyles(operations.filter(({ ofHandle }) => ofHandle)),
    tokens_given: operations.filter(({ after }) => after !== undefined).length,
    lost,
    databases_fetched: results.reduce((sum, { fetched }) => sum + fetched, 0),
    skipped,
    failovers_ms: results.flatMap(({ failoversMs }) => failoversMs),
    errors,
  };
}

function countReads(operations: readonly Operation[]): Record<ReadLevel, number> {
  const counts = { eventual: 0, bounded: 0, session: 0, strong: 0 };
  for (const { level, outcome } of operations)
    if (level !== null && outcome.kind === 'ok') counts[level]++;
  return counts;
}

/** Acknowledged writes by what they asked for. */
function countDurabilities(writes: readonly Told[]): Report['durabilities'] {
  const counts = { default: 0, local: 0, quorum: 0, all: 0, number: 0, names: 0 };
  for (const { durability, outcome } of writes) {
    if (outcome.kind !== 'ok') continue;
    if (durability === null) counts.default++;
    else if (typeof durability === 'number') counts.number++;
    else if (typeof durability === 'string') counts[durability]++;
    else counts.names++;
  }
  return counts;
}

/** What applications had answered, by the way in which it was done. */
function countStyles(operations: readonly Told[]): Report['applications'] {
  const counts: Record<string, number> = {};
  for (const { style, outcome } of operations)
    if (outcome.kind === 'ok') counts[style] = (counts[style] ?? 0) + 1;
  return counts;
}
