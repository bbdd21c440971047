import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type pg from 'pg';
import { closedLoop } from './closed-loop.ts';
import { freePorts } from './free-ports.ts';
import { connectToPostgres, one } from './postgres-client.ts';
import type { FromPostgres, PostgresSpec } from './postgres-process.ts';
import type { PostgresPrograms } from './postgres-programs.ts';
import type { Measured } from './samples.ts';
import { randomRow, rowsInBatches } from './table.ts';
import { POLL_MS, until, WAIT_MS, within } from './until.ts';

const PROGRAM = join(import.meta.dirname, 'postgres-process.js');
const SERVERS = 3;
/** All of its steps have limits of their own. */
const START_MS = 5 * WAIT_MS;
/** A process that is being stopped gives its servers five seconds, then kills them. */
const STOP_MS = 15_000;
/** A server's process for a connection first reads what it knows of a table, and plans a statement anew for its first five runs. */
const RUNS_BEFORE = 10;

/** None outlives this process, however it ends: this one waits, so that the files are gone when it is. */
const running = new Set<Postgres>();
process.on('exit', () => {
  for (const postgres of running) postgres.endNow();
});

/** PostgreSQL: a primary and two standbys on this machine, of which one has to have flushed what is committed. */
export class Postgres {
  readonly #process: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly #dir: string;
  readonly #port: number;
  #admin: pg.Client | null = null;
  #version = '';
  readonly #workers: pg.Client[] = [];

  private constructor(spec: PostgresSpec) {
    this.#dir = spec.dir;
    this.#port = spec.ports[0] ?? 0;
    // In a group of its own, so that what kills this one's group leaves it time to clear up; without --cpu-prof and the like.
    this.#process = fork(PROGRAM, [JSON.stringify(spec)], { detached: true, execArgv: [] });
    this.#exited = once(this.#process, 'exit').then(() => running.delete(this));
    running.add(this);
  }

  /** `dir` is new; its parent must be open to the servers' user. */
  static async start(programs: PostgresPrograms, dir: string): Promise<Postgres> {
    const postgres = new Postgres({ programs, dir, ports: await freePorts(SERVERS) });
    await within('PostgreSQL to start', START_MS, postgres.#open());
    return postgres;
  }

  get version(): string {
    return this.#version;
  }

  /** One-row writes into a new table, each its own transaction, by workers with a connection each, which is kept. */
  measureNewTable(table: string, concurrency: number, seconds: number): Promise<Measured> {
    const work = this.#measureNewTable(table, concurrency, seconds);
    return within('PostgreSQL’s answers', 2000 * seconds + WAIT_MS, work);
  }

  /** Its connections break: nothing is asked on them any more. */
  async close(): Promise<void> {
    this.#process.kill('SIGTERM');
    await within('PostgreSQL to stop', STOP_MS, this.#exited);
  }

  /** Blocks until its directory is gone, which goes last. */
  endNow(): void {
    this.#process.kill('SIGTERM');
    const nothing = new Int32Array(new SharedArrayBuffer(4));
    const deadline = Date.now() + STOP_MS;
    while (existsSync(this.#dir)) {
      if (Date.now() > deadline) {
        console.error(`PostgreSQL was not stopped within ${STOP_MS} ms: ${this.#dir}`);
        return;
      }
      Atomics.wait(nothing, 0, 0, POLL_MS);
    }
  }

  async #open(): Promise<void> {
    await this.#ready();
    this.#admin = await connectToPostgres(this.#port);
    const answer = await one<{ server_version: string }>(this.#admin, 'SHOW server_version');
    this.#version = answer.server_version;
  }

  /** Resolves when it serves; what is told later is that it does so no longer. */
  #ready(): Promise<void> {
    const child = this.#process;
    return new Promise((resolve, reject) => {
      child.once('message', (first: FromPostgres) => {
        if (first.type === 'failed') return reject(new Error(first.message));
        child.on('message', (later: FromPostgres) => {
          if (later.type === 'failed') console.error(later.message);
        });
        resolve();
      });
      child.once('exit', (code) => {
        reject(new Error(`what starts PostgreSQL ended with ${code} before it served`));
      });
    });
  }

  async #measureNewTable(table: string, concurrency: number, seconds: number): Promise<Measured> {
    await this.#makeTable(table);
    await this.#connect(concurrency);
    const workers = this.#workers.slice(0, concurrency);
    const insert = { name: table, text: `INSERT INTO ${table}(k, v) VALUES ($1, $2)` };
    const write = (client: pg.Client) => client.query({ ...insert, values: randomRow() });
    const prepare = async (client: pg.Client) => {
      for (let run = 0; run < RUNS_BEFORE; run++) await write(client);
    };
    await Promise.all(workers.map(prepare));
    return closedLoop({ concurrency, seconds, operation: (worker) => write(workers[worker]!) });
  }

  /** Opening or ending hundreds of connections takes seconds, so it is done once. */
  async #connect(count: number): Promise<void> {
    const missing = Math.max(0, count - this.#workers.length);
    const connect = () => connectToPostgres(this.#port);
    this.#workers.push(...(await Promise.all(Array.from({ length: missing }, connect))));
  }

  async #makeTable(table: string): Promise<void> {
    const admin = this.#connection;
    const id = 'id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY';
    await admin.query(`CREATE TABLE ${table}(${id}, k int, v text)`);
    await admin.query(`CREATE INDEX ${table}_k ON ${table}(k)`);
    const sql = `INSERT INTO ${table}(k, v) SELECT * FROM unnest($1::int[], $2::text[])`;
    for (const rows of rowsInBatches())
      await admin.query(sql, [rows.map(([k]) => k), rows.map(([, v]) => v)]);
    await this.#caughtUp();
  }

  /** Resolves when both standbys have applied all that is written now. */
  async #caughtUp(): Promise<void> {
    const admin = this.#connection;
    const { lsn } = await one<{ lsn: string }>(admin, 'SELECT pg_current_wal_lsn() AS lsn');
    const sql = `SELECT count(*)::int AS count FROM pg_stat_replication WHERE replay_lsn >= '${lsn}'`;
    await until(`PostgreSQL’s standbys to apply ${lsn}`, Date.now() + WAIT_MS, async () => {
      return (await one<{ count: number }>(admin, sql)).count === SERVERS - 1;
    });
  }

  get #connection(): pg.Client {
    if (this.#admin === null) throw new Error('PostgreSQL has not been started');
    return this.#admin;
  }
}
