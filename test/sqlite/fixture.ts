import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StatementResult } from '../../src/api/request.ts';
import type { SqlArgs } from '../../src/api/value.ts';
import type { ErrorCode, ErrorRecord } from '../../src/base/errors.ts';
import type { Entry, EntryId } from '../../src/raft/entry.ts';
import type { ChecksumValue } from '../../src/redo/checksum.ts';
import { type Connection, DatabaseSync } from '../../src/sqlite/binding.ts';
import {
  closeConnections,
  type EngineConnections,
  openConnections,
} from '../../src/sqlite/connections.ts';
import { Engine } from '../../src/sqlite/engine.ts';
import type { EngineOptions, Executed } from '../../src/sqlite/engine-parts.ts';
import { redoOf } from '../../src/sqlite/entry-data.ts';
import type { Outcome, Write } from '../../src/sqlite/executor.ts';
import { seedPage } from '../../src/sqlite/seed.ts';
import { checksumOfPages, copyFiles } from './scan.ts';
import { scratch } from './scratch.ts';

const ENGINE_OPTIONS: EngineOptions = {
  cluster: 'test-cluster',
  pageCacheBytes: 2 ** 20,
  resultBytesMax: 2 ** 20,
  requestIdsKept: 1000,
  batchMs: 60_000,
  transactionBytesMax: 2 ** 22,
  onVisible: () => {},
};

export interface FixtureOptions {
  readonly pageSize?: number;
  /** The main file to start with; the seed page when absent. */
  readonly file?: Uint8Array;
  /** A database that exists already, with the checksum that its log knows. */
  readonly existing?: { readonly path: string; readonly checksum: ChecksumValue };
  readonly engine?: Partial<EngineOptions>;
}

/** One engine on a database of its own, and the log of what it executed. */
export class EngineFixture {
  readonly path: string;
  readonly connections: EngineConnections;
  readonly engine: Engine;
  readonly log: Entry[] = [];
  readonly #options: EngineOptions;
  #eyes: Connection | null = null;

  constructor(options: FixtureOptions = {}) {
    this.#options = { ...ENGINE_OPTIONS, ...options.engine };
    const { path, checksum } = options.existing ?? makeFile(options);
    this.path = path;
    this.connections = openConnections(path);
    const { term, index } = this.connections.position;
    this.engine = new Engine(this.connections, { term, index }, checksum, this.#options);
  }

  lead(term = this.engine.position.term + 1): void {
    this.#note(this.engine.lead(term));
  }

  /** Runs each statement as a write of its own, all in one batch. */
  run(...statements: (string | [string, SqlArgs])[]): Outcome[] {
    return this.runWrites(statements.map((s) => write(s)));
  }

  runWrites(writes: readonly Write[]): Outcome[] {
    const all: Outcome[] = [];
    const done = this.engine.run(writes, (executed, outcomes) => {
      if (executed !== null) this.#note(executed);
      all.push(...outcomes);
    });
    if (done < writes.length) all.push(...this.runWrites(writes.slice(done)));
    return all;
  }

  /** Applies, as one commit, what it does not have of another's log. */
  follow(leader: { readonly log: readonly Entry[] }, upTo = Number.POSITIVE_INFINITY): void {
    const { index } = this.engine.position;
    const entries = leader.log.filter((entry) => entry.index > index && entry.index <= upTo);
    if (entries.length > 0) this.engine.apply(entries);
  }

  /** Undoes what comes after `id`, and takes it out of the log. False if it cannot. */
  rollBack(id: EntryId): boolean {
    if (!this.engine.rollBack(id)) return false;
    while ((this.log.at(-1)?.index ?? 0) > id.index) this.log.pop();
    return true;
  }

  /** A member of its own that opens what a crash of this one would leave. This one goes on undisturbed. */
  crashed(): EngineFixture {
    const existing = { path: copyFiles(this.path), checksum: this.engine.checksum };
    const copy = new EngineFixture({ existing, engine: this.#options });
    copy.log.push(...this.log);
    return copy;
  }

  /** Folds the whole WAL into the main file. */
  checkpoint(): void {
    this.engine.unlock();
    const [row] = this.all('PRAGMA wal_checkpoint(TRUNCATE)');
    if ((row as { busy: number }).busy !== 0) throw new Error('the checkpoint was kept off');
    this.engine.lock();
  }

  /** Rows as another connection of this process sees them: what is committed in the database. */
  all(sql: string): unknown[] {
    this.#eyes ??= new DatabaseSync(this.path);
    const statement = this.#eyes.prepare(sql);
    return statement.all().map((row) => ({ ...(row as object) }));
  }

  close(): void {
    this.#eyes?.close();
    closeConnections(this.connections);
  }

  #note({ id, data }: Executed): void {
    this.log.push({ ...id, membership: null, data });
  }
}

function makeFile({ file, pageSize = 4096 }: FixtureOptions) {
  const bytes = file ?? seedPage(pageSize);
  const size = new DataView(bytes.buffer, bytes.byteOffset).getUint16(16);
  const path = join(scratch('engine'), 'main.db');
  writeFileSync(path, bytes);
  return { path, checksum: checksumOfPages(bytes, size === 1 ? 65536 : size) };
}

/** One statement, or several as one transaction. */
export function write(
  statements: string | [string, SqlArgs] | readonly string[],
  id: string | null = null,
): Write {
  if (typeof statements === 'string') return { statements: [{ sql: statements }], id };
  const [sql, args] = statements;
  return typeof args === 'object'
    ? { statements: [{ sql: sql as string, args }], id }
    : { statements: (statements as readonly string[]).map((s) => ({ sql: s })), id };
}

/** The results of a write that succeeded. */
export function resultsOf(outcome: Outcome | undefined): readonly StatementResult[] {
  if (outcome === undefined) throw new Error('no outcome');
  if ('error' in outcome) throw new Error(`${outcome.error.code}: ${outcome.error.message}`);
  return outcome.results;
}

export function errorOf(outcome: Outcome | undefined): ErrorRecord {
  if (outcome === undefined || !('error' in outcome)) throw new Error('it did not fail');
  return outcome.error;
}

/** `ok`, or the code of the error, for each outcome. */
export function codes(outcomes: readonly Outcome[]): ('ok' | ErrorCode)[] {
  return outcomes.map((outcome) => ('error' in outcome ? outcome.error.code : 'ok'));
}

/** Numbers of the pages that the last entry changed. */
export function pagesOfLastEntry({ log }: { readonly log: readonly Entry[] }): number[] {
  return redoOf(log.at(-1)!.data).pages.map(({ pgno }) => pgno);
}
