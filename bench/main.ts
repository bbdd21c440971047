/**
 * Measures Paceline on this machine and prints what it found; nothing here passes or fails. `npm run bench -- --help`
 * says how; README.md beside this file says what is measured.
 */
import { writeFileSync } from 'node:fs';
import { makeDataDirectory } from './data-dir.ts';
import { failover } from './failover.ts';
import { forwarded } from './forwarded.ts';
import { describeMachine, machine } from './machine.ts';
import { memory } from './memory.ts';
import { type BenchOptions, parseOptions, USAGE, WORKLOADS, type Workload } from './options.ts';
import { reads } from './reads.ts';
import type { Row } from './report.ts';
import { writes } from './writes.ts';

function run(workload: Workload, dir: string, options: BenchOptions): Promise<Row[]> {
  switch (workload) {
    case 'writes':
      return writes(dir, options);
    case 'forwarded':
      return forwarded(dir, options);
    case 'reads':
      return reads(dir, options);
    case 'failover':
      return failover(dir, 'SIGKILL', options.kills);
    case 'stop':
      return failover(dir, 'SIGTERM', options.stops);
    case 'memory':
      return memory(dir, options.importMib);
  }
}

async function bench(options: BenchOptions): Promise<void> {
  const dir = makeDataDirectory(options.dir);
  const start = performance.now();
  const rows = [machine(dir)];
  console.log(describeMachine(rows[0]!));
  for (const workload of WORKLOADS)
    if (options.only.has(workload)) rows.push(...(await run(workload, dir, options)));
  if (options.json !== null) writeFileSync(options.json, `${JSON.stringify(rows, null, 1)}\n`);
  console.log(`\n${((performance.now() - start) / 1000).toFixed(0)} s in all`);
}

// The directory goes, and with this process the members that it started.
process.on('SIGINT', () => process.exit(130));
process.on('SIGTERM', () => process.exit(143));

function optionsOrExit(): BenchOptions | 'help' {
  try {
    return parseOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
    process.exit(2);
  }
}

try {
  const options = optionsOrExit();
  if (options === 'help') console.log(USAGE);
  else await bench(options);
} catch (error) {
  console.error(error instanceof Error ? error.stack : error);
  process.exit(1);
}
