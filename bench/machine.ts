import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from '../src/sqlite/binding.ts';
import type { Row } from './report.ts';
import { measured, Samples } from './samples.ts';

const APPEND_BYTES = 4096;
const APPENDS = 2000;

/** What the figures were taken on. */
export function machine(dir: string): Row {
  const cores = cpus();
  return {
    workload: 'machine',
    system: 'append 4 KiB + fdatasync',
    concurrency: 1,
    ...syncTimes(dir),
    cores: cores.length,
    cpu: cores[0]?.model ?? 'unknown',
    node: process.version,
    sqlite: sqliteVersion(),
    load: loadavg()[0] ?? 0,
  };
}

/** The load is named because it is others' work: what they do is missing from every figure. */
export function describeMachine(row: Row): string {
  const sync = `fdatasync p50 ${row.p50ms?.toFixed(3)} ms, p99 ${row.p99ms?.toFixed(3)} ms`;
  return (
    `${row.cores} cores (${row.cpu}), Node ${row.node}, SQLite ${row.sqlite}, ${sync}, ` +
    `load before the run ${Number(row.load).toFixed(2)}`
  );
}

function syncTimes(dir: string) {
  const file = join(dir, 'fdatasync');
  const fd = openSync(file, 'w');
  const block = new Uint8Array(APPEND_BYTES).fill(0x5a);
  const samples = new Samples();
  const start = performance.now();
  for (let i = 0; i < APPENDS; i++) {
    const asked = performance.now();
    writeSync(fd, block);
    fdatasyncSync(fd);
    samples.add(performance.now() - asked);
  }
  const seconds = (performance.now() - start) / 1000;
  closeSync(fd);
  rmSync(file);
  return measured(samples, APPENDS, seconds);
}

function sqliteVersion(): string {
  const db = new DatabaseSync(':memory:');
  const row = db.prepare('SELECT sqlite_version() AS version').get() as { version: string };
  db.close();
  return row.version;
}
