import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import type { LocalDatabase } from '../src/api/database.ts';
import { layoutOf } from '../src/member/directory.ts';
import { type Connection, DatabaseSync } from '../src/sqlite/binding.ts';
import { Cluster } from './cluster.ts';
import type { BenchOptions } from './options.ts';
import { COMMON_COLUMNS, column, printTable, progress, type Row } from './report.ts';
import { type Measured, measured, medianOf, Samples } from './samples.ts';
import { batchesOfRows, createTable } from './table.ts';

const ROWS = 100_000;
const SQL = 'SELECT id, k, v FROM t WHERE id = ?';
/** Both take turns within a round, too, this long at a time: what disturbs one disturbs the other. */
const SLICE_MS = 50;
/** One read of so many is timed: asking the clock takes a share of a read that would count. */
const TIMED_EVERY = 16;

interface Reader {
  readonly system: string;
  /** The bare connection that answers in the same shape: what its speed is compared with. */
  readonly bare: string;
  /** Reads one row; true if it was there. */
  readonly slice: (untilMs: number, samples: Samples) => Promise<number>;
}

/** Point reads by primary key on a follower in this process, awaited and in place, beside a bare connection to the same file. */
export async function reads(dir: string, options: BenchOptions): Promise<Row[]> {
  progress(`reads: loading ${ROWS} rows`);
  const cluster = await Cluster.start(join(dir, 'reads'), 'another');
  const { app } = cluster;
  await app.batch(createTable('t'));
  for (const batch of batchesOfRows('t', ROWS)) await app.batch(batch);
  await cluster.caughtUp();
  const path = layoutOf(cluster.directory(cluster.appId)).database;
  const bare = new DatabaseSync(path, { readOnly: true });
  const readers = readersOf(app, bare);
  const rounds = readers.map((): Measured[] => []);
  for (let round = 1; round <= options.rounds; round++) {
    progress(`reads, round ${round}`);
    const results = await oneRound(readers, options.seconds);
    for (const [i, result] of results.entries()) rounds[i]?.push(result);
  }
  bare.close();
  await cluster.close();
  return report(readers, rounds);
}

/** An asynchronous read gives arrays, one in place an object: each has a bare read of the same shape beside it. */
function readersOf(app: LocalDatabase, bare: Connection): Reader[] {
  const object = bare.prepare(SQL);
  const arrays = bare.prepare(SQL);
  arrays.setReturnArrays(true);
  const inPlace = app.prepare(SQL);
  const [BARE_ALL, BARE_GET] = ['bare connection, arrays', 'bare connection, get'];
  return [
    {
      ...{ system: BARE_ALL, bare: BARE_ALL },
      slice: blockingSlice((id) => arrays.all(id).length),
    },
    {
      ...{ system: 'paceline, query', bare: BARE_ALL },
      slice: awaitedSlice(async (id) => (await app.query(SQL, [id])).rows.length),
    },
    {
      ...{ system: BARE_GET, bare: BARE_GET },
      slice: blockingSlice((id) => (object.get(id) === undefined ? 0 : 1)),
    },
    {
      ...{ system: 'paceline, prepare, get', bare: BARE_GET },
      slice: blockingSlice((id) => (inPlace.get(id) === undefined ? 0 : 1)),
    },
  ];
}

async function oneRound(readers: readonly Reader[], seconds: number): Promise<Measured[]> {
  const all = readers.map(() => ({ samples: new Samples(), done: 0, ms: 0 }));
  while (all.some(({ ms }) => ms < seconds * 1000))
    for (const [i, reader] of readers.entries()) {
      await turn(); // the member's messages are handled between slices
      const state = all[i]!;
      const start = performance.now();
      state.done += await reader.slice(start + SLICE_MS, state.samples);
      state.ms += performance.now() - start;
    }
  return all.map(({ samples, done, ms }) => measured(samples, done, ms / 1000));
}

function blockingSlice(read: (id: number) => number): Reader['slice'] {
  return async (untilMs, samples) => {
    let done = 0;
    for (let now = performance.now(); now < untilMs; ) {
      expectRow(read(randomId()));
      const answered = performance.now();
      samples.add(answered - now);
      for (let i = 1; i < TIMED_EVERY; i++) expectRow(read(randomId()));
      done += TIMED_EVERY;
      now = performance.now();
    }
    return done;
  };
}

/** The same, word for word, with what an asynchronous API costs. */
function awaitedSlice(read: (id: number) => Promise<number>): Reader['slice'] {
  return async (untilMs, samples) => {
    let done = 0;
    for (let now = performance.now(); now < untilMs; ) {
      expectRow(await read(randomId()));
      const answered = performance.now();
      samples.add(answered - now);
      for (let i = 1; i < TIMED_EVERY; i++) expectRow(await read(randomId()));
      done += TIMED_EVERY;
      now = performance.now();
    }
    return done;
  };
}

function randomId(): number {
  return 1 + Math.floor(Math.random() * ROWS);
}

function expectRow(rows: number): void {
  if (rows !== 1) throw new Error(`a read by primary key returned ${rows} rows`);
}

function report(readers: readonly Reader[], rounds: readonly Measured[][]): Row[] {
  const speeds = rounds.map((of) => medianOf(of));
  const rows = readers.map(({ system, bare }, i): Row => {
    const speed = speeds[i]!;
    const bareSpeed = speeds[readers.findIndex((reader) => reader.system === bare)]!;
    return {
      workload: 'reads',
      system,
      concurrency: 1,
      ...speed,
      ratioToBare: speed.perSecond / bareSpeed.perSecond,
      roundsPerSecond: (rounds[i] ?? []).map((round) => Math.round(round.perSecond)),
    };
  });
  const columns = [...COMMON_COLUMNS, column('× bare', 'ratioToBare', 2)];
  printTable(`Point reads by primary key, ${ROWS.toLocaleString('en-US')} rows`, columns, rows);
  return rows;
}
