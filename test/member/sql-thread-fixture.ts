import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import { PacelineError } from '../../src/base/errors.ts';
import { systemClock } from '../../src/member/clock.ts';
import { type DatabaseHome, sqliteHome } from '../../src/member/database-home.ts';
import { type FlatWrites, pushWrite } from '../../src/member/flat-writes.ts';
import { type OpenOptions, resolveOptions } from '../../src/member/options.ts';
import { packBytes } from '../../src/member/packed-bytes.ts';
import { packEntries } from '../../src/member/packed-entries.ts';
import { ThreadPort } from '../../src/member/port.ts';
import type { AppToSql, LoopToSql, SqlToApp, SqlToLoop } from '../../src/member/protocol.ts';
import { SharedState } from '../../src/member/shared-state.ts';
import { SqlThread } from '../../src/member/sql-thread.ts';
import { type Entry, type EntryId, ORIGIN } from '../../src/raft/entry.ts';
import { PageHasher } from '../../src/redo/page-hash.ts';
import { DatabaseSync } from '../../src/sqlite/binding.ts';
import { seedPage } from '../../src/sqlite/seed.ts';
import { until } from '../cluster/until.ts';
import type { Scope } from './fixture.ts';

const PAGE_SIZE = 4096;
const CLUSTER = 'test-cluster';

type OfType<M, T> = Extract<M, { readonly type: T }>;

/** A SQL thread with a real database and real ports; the test plays the loop and the application. */
export class SqlThreadFixture {
  readonly dir: string;
  readonly path: string;
  readonly shared = new SharedState();
  readonly toLoop: SqlToLoop[] = [];
  readonly toApp: SqlToApp[] = [];
  /** What was executed: the log, if it was all proposed. */
  readonly log: Entry[] = [];
  readonly #loop: ThreadPort<SqlToLoop, LoopToSql>;
  readonly #app: ThreadPort<SqlToApp, AppToSql>;
  /** There is no room for what is applied or undone. */
  full = false;
  /** That writes are sent for. */
  term = 0;
  #nextKey = 1;

  /** With a new database, or with what an earlier one left in `dir`. */
  constructor(t: Scope, options: Partial<OpenOptions> = {}, dir: string | null = null) {
    this.dir = dir ?? mkdtempSync(join(tmpdir(), 'paceline-sql-thread-'));
    this.path = join(this.dir, 'main.db');
    if (dir === null) writeFileSync(this.path, seedPage(PAGE_SIZE));
    const loop = new MessageChannel();
    const app = new MessageChannel();
    this.#loop = new ThreadPort(loop.port1);
    this.#app = new ThreadPort(app.port1);
    this.#loop.listen((messages) => messages.forEach(this.#fromSql));
    this.#app.listen((messages) => this.toApp.push(...messages));
    new SqlThread({
      home: this.#home(),
      clock: systemClock,
      cluster: CLUSTER,
      options: resolveOptions({ dir: this.dir, id: 'a', ...options }),
      loop: new ThreadPort(loop.port2),
      app: new ThreadPort(app.port2),
      shared: this.shared,
    }).start();
    t.after(async () => {
      if (this.allToLoop('closed').length === 0) await this.close();
      rmSync(this.dir, { recursive: true, force: true });
    });
  }

  #home(): DatabaseHome {
    const home = sqliteHome(this.path, `${this.path}-lost`);
    const open = () => {
      const opened = home.open();
      const append = opened.wal.append.bind(opened.wal);
      opened.wal.append = (...given) => {
        if (this.full) throw new PacelineError('DISK_FULL', 'no room left to write the WAL');
        append(...given);
      };
      return opened;
    };
    return { ...home, open };
  }

  readonly #fromSql = (message: SqlToLoop): void => {
    this.toLoop.push(message);
    if (message.type === 'keep-commit')
      this.#loop.post({ type: 'commit-kept', index: message.index });
    if (message.type !== 'executed') return;
    const data = message.handOver.slice();
    this.log.push({ ...message.id, membership: null, data });
  };

  order(...messages: LoopToSql[]): void {
    for (const message of messages) this.#loop.post(message);
  }

  /** Gives it writes of another member, under keys from this one on. */
  forward(key: number, ...writes: Uint8Array[]): void {
    const keys = writes.map((_, i) => key + i);
    const mayBeLost = writes.map(() => false);
    this.order({ type: 'forwarded-writes', keys, mayBeLost, ...packBytes(writes) });
  }

  /** Orders to apply these. */
  apply(...entries: Entry[]): void {
    this.order(packEntries(entries));
  }

  /** Queues writes as the application does; returns their keys. */
  write(...sqls: string[]): number[] {
    const flat: FlatWrites = [];
    const keys = sqls.map((sql) => {
      const key = this.#nextKey++;
      pushWrite(flat, { key, id: null, statements: [{ sql }] });
      return key;
    });
    this.#app.post({ type: 'writes', flat, term: this.term });
    return keys;
  }

  /** What the application answers to `close-readers`. */
  readersClosed(): void {
    this.#app.post({ type: 'readers-closed' });
  }

  /** Tells what is committed; the thread is woken as the loop does it. */
  commit(index: number): void {
    this.shared.setCommitted(index);
    this.shared.setStable(index);
    this.order({ type: 'committed' });
  }

  /** Opens the new database and lets it begin. */
  async begin(): Promise<this> {
    assert.deepEqual((await this.fromSql('opened')).position, ORIGIN);
    const checksum = new PageHasher().hash(1, seedPage(PAGE_SIZE)).take();
    this.order({ type: 'begin', at: ORIGIN, checksum });
    await this.fromSql('begun');
    return this;
  }

  /** Makes it lead with a table to write to, all of it committed. */
  async lead(term: number): Promise<this> {
    this.order({ type: 'lead', term });
    this.term = term;
    await until('the entry that starts the term', () => this.log.at(-1)?.term === term);
    await this.answers(this.write('CREATE TABLE IF NOT EXISTS t(v)'));
    this.commit(this.log.at(-1)!.index);
    return this;
  }

  allToLoop<T extends SqlToLoop['type']>(type: T): OfType<SqlToLoop, T>[] {
    return this.toLoop.filter((m): m is OfType<SqlToLoop, T> => m.type === type);
  }

  /** The last message of this type, waiting for one if there was none. */
  fromSql<T extends SqlToLoop['type']>(type: T): Promise<OfType<SqlToLoop, T>> {
    return until(`"${type}"`, () => this.allToLoop(type).at(-1));
  }

  /** What was answered so far: a code or the position, by key. */
  answered(): Map<number, string | EntryId> {
    const found = new Map<number, string | EntryId>();
    for (const message of this.toApp) {
      if (message.type === 'answer') {
        const { answer } = message;
        found.set(answer.key, 'error' in answer ? answer.error.code : answer.position);
      } else if (message.type === 'plain-answers') {
        for (let i = 0; i < message.flat.length; i += 3)
          found.set(message.flat[i] as number, message.position);
      }
    }
    return found;
  }

  async answers(keys: readonly number[]): Promise<(string | EntryId)[]> {
    const found = await until(`answers to ${keys}`, () => {
      const all = this.answered();
      return keys.every((key) => all.has(key)) && all;
    });
    return keys.map((key) => found.get(key)!);
  }

  async close(): Promise<void> {
    this.order({ type: 'close' });
    await this.fromSql('closed');
  }

  /** What a stranger finds in the main file alone. */
  mainFile(): { position: EntryId; rows: unknown[] } {
    const path = join(this.dir, 'copy.db');
    writeFileSync(path, readFileSync(this.path));
    const db = new DatabaseSync(path);
    const all = (sql: string) => db.prepare(sql).all() as Record<string, number>[];
    const [row] = all('SELECT term, idx FROM _paceline');
    const tables = all("SELECT count(*) AS n FROM sqlite_schema WHERE name = 't'")[0]!.n;
    const rows = tables === 0 ? [] : all('SELECT v FROM t').map(({ v }) => v);
    db.close();
    return { position: { term: row!.term!, index: row!.idx! }, rows };
  }
}
