/**
 * How fast can one batch after the other be made durable by appending to a file?
 * Compares the ways open to a Node process, one batch in flight at a time, interleaved in rounds
 * because the disk's speed drifts. Prints one line per way and size; compare medians.
 *
 *   node build/bench/log-append.js [directory] [rounds] [appends per round]
 */
import {
  close,
  closeSync,
  constants,
  fdatasync,
  fsync,
  mkdtempSync,
  open,
  rmSync,
  write,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openFileLog } from '../src/log-store/file.ts';
import { INITIAL_HARD_STATE, ORIGIN } from '../src/raft/entry.ts';

const openAsync = promisify(open);
const fsyncAsync = promisify(fsync);
const closeAsync = promisify(close);
const fdatasyncAsync = promisify(fdatasync);

const FILE_BYTES = 16 * 1024 * 1024;
const BATCH_BYTES = [1024, 8192, 65536];

interface Way {
  readonly name: string;
  readonly dsync: boolean;
  readonly preallocated: boolean;
}

const WAYS: readonly Way[] = [
  { name: 'a  write + fdatasync, growing file', dsync: false, preallocated: false },
  { name: 'b  O_DSYNC write, growing file', dsync: true, preallocated: false },
  { name: 'c  O_DSYNC write, zero-filled file', dsync: true, preallocated: true },
  { name: 'c2 write + fdatasync, zero-filled file', dsync: false, preallocated: true },
];

function writeAt(fd: number, bytes: Uint8Array, at: number): Promise<void> {
  return new Promise((resolve, reject) => {
    write(fd, bytes, 0, bytes.length, at, (error, written) => {
      if (error !== null) reject(error);
      else if (written !== bytes.length) reject(new Error(`short write: ${written}`));
      else resolve();
    });
  });
}

async function zeroFill(path: string): Promise<void> {
  const fd = await openAsync(path, 'w');
  await writeAt(fd, new Uint8Array(FILE_BYTES), 0);
  await fsyncAsync(fd);
  await closeAsync(fd);
}

/** Milliseconds of each append. */
async function round(dir: string, way: Way, bytes: number, appends: number): Promise<number[]> {
  const path = join(dir, 'segment');
  if (way.preallocated) await zeroFill(path);
  const flags = constants.O_CREAT | constants.O_RDWR | (way.dsync ? constants.O_DSYNC : 0);
  const fd = await openAsync(path, flags);
  const batch = new Uint8Array(bytes).fill(0x5a);
  const times: number[] = [];
  for (let i = 0; i < appends && (i + 1) * bytes <= FILE_BYTES; i++) {
    const start = process.hrtime.bigint();
    await writeAt(fd, batch, i * bytes);
    if (!way.dsync) await fdatasyncAsync(fd);
    times.push(Number(process.hrtime.bigint() - start) / 1e6);
  }
  closeSync(fd);
  rmSync(path);
  return times;
}

/** The same through the store: one entry of `bytes` at a time, from write to `done`. */
async function storeRound(parent: string, bytes: number, appends: number): Promise<number[]> {
  const dir = mkdtempSync(join(parent, 'store-'));
  const base = { id: ORIGIN, membership: [], extra: new Uint8Array(0) };
  const log = await openFileLog({
    dir,
    create: { base, hardState: INITIAL_HARD_STATE },
    onFailure: (error) => {
      throw error;
    },
  });
  const data = new Uint8Array(bytes).fill(0x5a);
  const times: number[] = [];
  for (let index = 1; index <= appends; index++) {
    const start = process.hrtime.bigint();
    const entries = [{ index, term: 1, membership: null, data }];
    await new Promise<void>((resolve) =>
      log.write({ truncateFrom: null, entries, hardState: null }, resolve),
    );
    times.push(Number(process.hrtime.bigint() - start) / 1e6);
  }
  await log.close();
  rmSync(dir, { recursive: true });
  return times;
}

function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}

function report(name: string, bytes: number, times: number[]): void {
  const sorted = times.sort((x, y) => x - y);
  const p50 = quantile(sorted, 0.5);
  const columns = [
    name.padEnd(40),
    `${bytes / 1024} KiB`.padStart(7),
    `${Math.round(1000 / p50)}`.padStart(7),
    p50.toFixed(3).padStart(9),
    quantile(sorted, 0.99).toFixed(3).padStart(9),
  ];
  console.log(columns.join(' '));
}

async function main(): Promise<void> {
  const [parent = tmpdir(), rounds = '8', appends = '150'] = process.argv.slice(2);
  const dir = mkdtempSync(join(parent, 'log-append-'));
  console.log(`${'way'.padEnd(40)}   batch  per s    p50 ms    p99 ms`);
  try {
    for (const bytes of BATCH_BYTES) {
      const times = WAYS.map((): number[] => []);
      const stored: number[] = [];
      for (let r = 0; r < Number(rounds); r++) {
        for (const [i, way] of WAYS.entries()) {
          times[i]?.push(...(await round(dir, way, bytes, Number(appends))));
        }
        stored.push(...(await storeRound(dir, bytes, Number(appends))));
      }
      for (const [i, way] of WAYS.entries()) report(way.name, bytes, times[i] ?? []);
      report('the store, write to done', bytes, stored);
    }
  } finally {
    rmSync(dir, { recursive: true });
  }
}

await main();
