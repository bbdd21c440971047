/**
 * Measures Paceline on this machine and prints what it found; nothing here passes or fails. `npm run bench -- --help`
 * says how; README.md beside this file says what is measured.
 */
import { writeFileSync } from 'node:fs';
import { besidePostgres } from './beside-postgres.ts';
import { makeDataDirectory } from './data-dir.ts';
import { failover } from './failover.ts';
import { forwarded } from './forwarded.ts';
import { describeMachine, machine } from './machine.ts';
import { memory } from './memory.ts';
import { type BenchOptions, parseOptions, USAGE, WORKLOADS, type Workload } from './options.ts';
import { findPostgres, type PostgresPrograms } from './postgres-programs.ts';
import { reads } from './reads.ts';
import type { Row } from './report.ts';
import { writes } from './writes.ts';

function run(
  workload: Workload,
  dir: string,
  options: BenchOptions,
  postgres: PostgresPrograms | null,
): Promise<Row[]> {
  switch (workload) {
    case 'writes':
      return writes(dir, options);
    case 'postgresql':
      return postgres === null ? Promise.resolve([]) : besidePostgres(dir, postgres, options);
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

/** Looked for before anything is measured. Throws if it was asked for by name and is not here; null: it is left out. */
function postgresFor({ only }: BenchOptions): PostgresPrograms | null {
  if (only !== null && !only.has('postgresql')) return null;
  const found = findPostgres();
  if (typeof found !== 'string') return found;
  if (only !== null) throw new Error(found);
  console.log(`The workload postgresql is left out. ${found}`);
  return null;
}

async function bench(options: BenchOptions): Promise<void> {
  const postgres = postgresFor(options);
  const dir = makeDataDirectory(options.dir, postgres?.account ?? null);
  const start = performance.now();
  const rows = [machine(dir)];
  console.log(describeMachine(rows[0]!));
  for (const workload of WORKLOADS)
    if (options.only?.has(workload) ?? true)
      rows.push(...(await run(workload, dir, options, postgres)));
  if (options.json !== null) writeFileSync(options.json, `${JSON.stringify(rows, null, 1)}\n`);
  console.log(`\n${((performance.now() - start) / 1000).toFixed(0)} s in all`);
}

// The directory goes, and with this process the members and servers that it started.
process.on('SIGHUP', () => process.exit(129));
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
