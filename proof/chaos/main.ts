/** `npm run chaos`: real processes, real disks, and a nemesis. See docs/verification.md. */
import { randomInt } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runChaos } from './run.ts';

const CLI = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));
const SEED_LIMIT = 2 ** 32;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string' },
    clusters: { type: 'string', default: '3,5' },
    cli: { type: 'string', default: CLI },
  },
});
const seed = values.seed === undefined ? randomInt(SEED_LIMIT) : Number(values.seed);
const minutes = Number(values.minutes);
const clusters = values.clusters.split(',').map(Number);
const startedMs = performance.now();
const say = (line: string) => {
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  process.stderr.write(`${seconds.padStart(6)} s ${line}\n`);
};

let abort = async () => {};
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    abort().finally(() => process.exit(1));
  });

const command = `npm run chaos -- --minutes ${minutes} --seed ${seed} --clusters ${clusters}`;
say(`seed ${seed}; to repeat this schedule: ${command}`);
const report = await runChaos({
  ...{ seed, minutes, clusters, cli: values.cli, say },
  onAbort: (end) => {
    abort = end;
  },
});
if (report.violations.length > 0) say(`seed ${seed}; to repeat this schedule: ${command}`);
process.stdout.write(`${JSON.stringify(report)}\n`);
process.exitCode = report.violations.length === 0 ? 0 : 1;
