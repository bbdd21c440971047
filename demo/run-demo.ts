import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError, Option } from 'commander';
import { createClient } from '../src/client/client.ts';
import { type Cluster, createCluster } from './cluster.ts';
import { readDataset } from './dataset.ts';
import { passed, type Report, runExercise } from './exercise.ts';
import { importDataset } from './import.ts';
import { showImport } from './import-progress.ts';
import { EXERCISE } from './limits.ts';
import { runLive } from './live.ts';
import { leaderAmong, lookAround, waitForLeader } from './observe.ts';
import { count, createScreen, type Screen } from './screen.ts';
import { abortOnSignals } from './stop-signals.ts';

interface Flags {
  readonly exercise: boolean;
  readonly rows?: number;
  readonly kills: number;
  readonly dir?: string;
  readonly cli: string;
}

/** What a test may do in between. */
export interface DemoHooks {
  readonly beforeVerification?: (cluster: Cluster) => Promise<void>;
}

interface Outcome {
  readonly status: number;
  /** Of an exercise. */
  readonly report: Report | null;
}

/** The exit status that shells expect after Ctrl-C. */
const INTERRUPTED = 130;
const CLI = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/**
 * Runs the demo with these arguments; resolves with the exit status when all members are stopped.
 * Then exit: clients may still try.
 */
export async function runDemo(args: readonly string[], hooks: DemoHooks = {}): Promise<number> {
  const flags = parseFlags(args);
  const screen = createScreen(flags.exercise ? process.stderr : process.stdout);
  const cluster = await createCluster({ dir: flags.dir ?? null, cli: flags.cli });
  const signal = abortOnSignals(cluster);
  const interrupted = once(signal, 'abort').then(() => ({ status: INTERRUPTED, report: null }));
  const { status, report } = await stopAfter(
    Promise.race([run(flags, cluster, screen, signal, hooks), interrupted]),
    cluster,
    screen,
  );
  // The last line of all, wherever stderr goes.
  if (report !== null) process.stdout.write(`${JSON.stringify(report)}\n`);
  return status;
}

/** Resolves with what `work` comes to, or rejects, when all members are stopped. */
async function stopAfter<T>(work: Promise<T>, cluster: Cluster, screen: Screen): Promise<T> {
  try {
    return await work;
  } finally {
    screen.clear();
    screen.say('stopping the members');
    await cluster.stop(leaderAmong(await lookAround(cluster))?.member.id ?? null);
    screen.say(`all members are stopped; their data stays in ${cluster.dir}`);
  }
}

function parseFlags(args: readonly string[]): Flags {
  const program = new Command('npm start --')
    .description('A three-member cluster on this machine, to watch and to kill')
    .option('--exercise', 'kill the leader under load, verify, and print a report as JSON', false)
    .option('--dir <DIR>', 'data directory, empty or missing (default: a new temporary one)')
    .option('--rows <N>', 'import the first N cities only (default: all)', positive)
    .addOption(hidden('--kills <N>').argParser(positive).default(EXERCISE.kills))
    .addOption(hidden('--cli <FILE>').default(CLI));
  return program.parse(args, { from: 'user' }).opts<Flags>();
}

/** For tests: which members to run, and how often to kill one. */
function hidden(flags: string): Option {
  return new Option(flags).hideHelp();
}

function positive(text: string): number {
  const n = Number(text);
  if (!Number.isSafeInteger(n) || n < 1) throw new InvalidArgumentError('not a positive integer');
  return n;
}

async function run(
  { exercise, rows = Number.POSITIVE_INFINITY, kills }: Flags,
  cluster: Cluster,
  screen: Screen,
  signal: AbortSignal,
  { beforeVerification = async () => {} }: DemoHooks,
): Promise<Outcome> {
  const say = screen.say;
  say(`starting three members; their data is in ${cluster.dir}`);
  await cluster.start();
  const { member } = await waitForLeader(cluster);
  say(`they run, ${member.id} leads`);
  const dataset = readDataset(rows);
  const client = createClient(cluster.members.map(({ settings }) => settings.url));
  const startMs = performance.now();
  const imported = await importDataset(client, dataset, showImport(screen));
  screen.clear();
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
  say(`imported ${count(dataset.cities.length)} cities (GeoNames, CC BY 4.0) in ${seconds} s`);
  if (!exercise) {
    await runLive(cluster, dataset.cities.length, screen, signal);
    return { status: 0, report: null };
  }
  const report = await runExercise({ cluster, dataset, imported, kills, say, beforeVerification });
  return { status: passed(report) ? 0 : 1, report };
}
