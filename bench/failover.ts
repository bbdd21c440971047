import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster } from './cluster.ts';
import { type Column, column, printTable, progress, type Row } from './report.ts';
import { median } from './samples.ts';
import { createTable } from './table.ts';
import { Writers } from './writers.ts';

const WRITERS = 8;
/** Writes run this long before the leader goes, and again after the first answer that follows. */
const STEADY_MS = 500;

type Signal = 'SIGKILL' | 'SIGTERM';

interface Change {
  /** From the signal to the answer of a write that was asked for right behind it. */
  readonly firstAnswerMs: number;
  /** The longest time in which none of the writers had an answer. */
  readonly gapMs: number;
  readonly writesPerSecondBefore: number;
}

const COLUMNS: readonly Column[] = [
  { title: 'what', text: (row) => row.system },
  column('times', 'times', 0),
  column('median ms', 'p50ms', 0),
  column('min', 'minMs', 0),
  column('max', 'maxMs', 0),
  column('gap median', 'gapMedianMs', 0),
  column('gap max', 'gapMaxMs', 0),
  column('writes/s before', 'perSecond', 0),
  column('acknowledged', 'acknowledged', 0),
  column('lost', 'lost', 0),
];

/** What writers on another member feel when the leader's process is killed, or asked to end, under their load. */
export async function failover(dir: string, signal: Signal, times: number): Promise<Row[]> {
  const workload = signal === 'SIGKILL' ? 'failover' : 'stop';
  const cluster = await Cluster.start(join(dir, workload), 'any');
  await cluster.app.batch(createTable('t'));
  const writers = new Writers(cluster, WRITERS);
  const changes: Change[] = [];
  for (let i = 1; i <= times; i++) {
    const leader = await letAnotherLead(cluster);
    const change = await changeLeader(cluster, writers, leader, signal);
    changes.push(change);
    progress(`${workload} ${i} of ${times}: ${change.firstAnswerMs.toFixed(0)} ms`);
    await cluster.startChild(leader);
    await cluster.caughtUp();
  }
  const lost = await countLost(cluster, writers);
  await cluster.close();
  return [report(workload, signal, changes, writers.acknowledged.size, lost)];
}

/** The writers live in this process: it must be the leader's one that dies. */
async function letAnotherLead(cluster: Cluster): Promise<string> {
  for (;;) {
    const leader = await cluster.settle();
    if (leader !== cluster.appId) return leader;
    await cluster.reopenApp();
  }
}

async function changeLeader(
  cluster: Cluster,
  writers: Writers,
  leader: string,
  signal: Signal,
): Promise<Change> {
  writers.start();
  await sleep(STEADY_MS);
  const before = writers.times.length;
  const child = cluster.child(leader);
  const start = performance.now();
  child.signal(signal);
  const answered = await writers.write();
  await child.exited();
  await sleep(STEADY_MS);
  await writers.stop();
  return {
    firstAnswerMs: answered - start,
    gapMs: writers.longestGapMs(start),
    writesPerSecondBefore: (before * 1000) / STEADY_MS,
  };
}

async function countLost(cluster: Cluster, writers: Writers): Promise<number> {
  await cluster.caughtUp();
  const { rows } = await cluster.app.query('SELECT id FROM t');
  const there = new Set(rows.map(([id]) => id));
  return [...writers.acknowledged].filter((id) => !there.has(id)).length;
}

function report(
  workload: string,
  signal: Signal,
  changes: readonly Change[],
  acknowledged: number,
  lost: number,
): Row {
  const firsts = changes.map((change) => change.firstAnswerMs);
  const gaps = changes.map((change) => change.gapMs);
  const row: Row = {
    workload,
    system: signal === 'SIGKILL' ? 'kill -9 of the leader' : 'SIGTERM to the leader',
    concurrency: WRITERS,
    perSecond: median(changes.map((change) => change.writesPerSecondBefore)),
    p50ms: median(firsts),
    p99ms: Math.max(...firsts),
    times: changes.length,
    minMs: Math.min(...firsts),
    maxMs: Math.max(...firsts),
    gapMedianMs: median(gaps),
    gapMaxMs: Math.max(...gaps),
    eachMs: firsts.map((ms) => Math.round(ms)),
    acknowledged,
    lost,
  };
  const title =
    'until a write asked for right behind the signal is acknowledged; gap: no writer had an answer';
  printTable(`Change of leader under ${WRITERS} writers: ${title}`, COLUMNS, [row]);
  return row;
}
