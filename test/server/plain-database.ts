import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ofEach } from '../../src/api/check.ts';
import type { SessionDatabase } from '../../src/api/database.ts';
import type { ReadOptions } from '../../src/api/read-options.ts';
import type {
  BatchResult,
  ExecuteResult,
  QueryResult,
  Statement,
  StatementResult,
  WriteOptions,
} from '../../src/api/request.ts';
import type { Status } from '../../src/api/status.ts';
import { encodeToken } from '../../src/api/token.ts';
import type { SqlArgs, SqlValue } from '../../src/api/value.ts';
import { messageOf, PacelineError } from '../../src/base/errors.ts';
import { type Connection, DatabaseSync } from '../../src/sqlite/binding.ts';

/** Of a member itself. */
const NOT_SENT_TO = {
  ...{ replication: null, inflightEntries: null, inflightBytes: null },
  queuedBytes: 0,
} as const;

/**
 * A Database over one plain SQLite file, for tests of what stands in front of one: it executes SQL for
 * real, keeps the first answer of each request id, and can be held (`hold`) to keep requests under way.
 */
export class PlainDatabase implements SessionDatabase {
  readonly dir = mkdtempSync(join(tmpdir(), 'paceline-plain-'));
  readonly path = join(this.dir, 'main.db');
  readonly #connection: Connection;
  readonly #answers = new Map<string, BatchResult>();
  readonly ids: (string | undefined)[] = [];
  leader: string | null = 'a';
  /** What the next calls throw, in order. */
  readonly failures: unknown[] = [];
  #index = 0;
  /** Up to the last write that says that it is committed. */
  #certainIndex = 0;
  #held: { promise: Promise<void>; release: () => void } | null = null;
  #waiting = 0;

  constructor() {
    this.#connection = new DatabaseSync(this.path, { returnArrays: true });
  }

  /** The options of all queries, in order. */
  readonly readOptions: unknown[] = [];

  get token(): string {
    return encodeToken({ term: 1, index: this.#index });
  }

  get certainToken(): string {
    return encodeToken({ term: 1, index: this.#certainIndex });
  }

  get waiting(): number {
    return this.#waiting;
  }

  /** Calls wait until the returned function is called. */
  hold(): () => void {
    let release = () => {};
    const promise = new Promise<void>((resolve) => {
      release = resolve;
    });
    this.#held = { promise, release };
    return () => {
      this.#held = null;
      release();
    };
  }

  async execute(sql: string, args?: SqlArgs, options?: WriteOptions): Promise<ExecuteResult> {
    const statement = args === undefined ? { sql } : { sql, args };
    const { results, ...receipt } = await this.batch([statement], options);
    return { ...results[0]!, ...receipt };
  }

  async batch(statements: readonly Statement[], options: WriteOptions = {}): Promise<BatchResult> {
    await this.#gate();
    this.ids.push(options.id);
    const kept = options.id === undefined ? undefined : this.#answers.get(options.id);
    if (kept !== undefined) return kept;
    this.#connection.exec('BEGIN IMMEDIATE');
    try {
      const results = ofEach(statements, (statement) => this.#run(statement));
      this.#connection.exec('COMMIT');
      this.#index += 1;
      const position = { term: 1, index: this.#index };
      const committed = options.durability !== 'local';
      if (committed) this.#certainIndex = this.#index;
      const reached = { committed, members: ['only'] };
      const answer = { results, position, id: options.id ?? null, reached, elapsedMs: 1 };
      if (options.id !== undefined) this.#answers.set(options.id, answer);
      return answer;
    } catch (error) {
      this.#connection.exec('ROLLBACK');
      throw error;
    }
  }

  async query(sql: string, args?: SqlArgs, options?: ReadOptions): Promise<QueryResult> {
    await this.#gate();
    this.readOptions.push(options);
    this.#connection.exec('PRAGMA query_only = 1');
    try {
      const { columns, rows } = this.#run(args === undefined ? { sql } : { sql, args });
      return { columns, rows };
    } finally {
      this.#connection.exec('PRAGMA query_only = 0');
    }
  }

  async status(): Promise<Status> {
    const member = { id: 'a', address: '127.0.0.1:1', voter: true, connected: true };
    const indexes = {
      commitIndex: this.#index,
      appliedIndex: this.#index,
      lastIndex: this.#index,
      copyAgeMs: 0,
      acknowledgedAtRisk: 0,
      lostFiles: 0,
    };
    return {
      ...{ id: 'a', cluster: 'test', role: this.leader === 'a' ? 'leader' : 'candidate', term: 1 },
      ...{ leader: this.leader, ...indexes, firstIndex: 1 },
      members: [{ ...member, matchIndex: this.#index, lagEntries: 0, ...NOT_SENT_TO }],
      ...{ position: { term: 1, index: this.#index }, checksum: '0123456789abcdef' },
      ...{ pageSize: 4096, databaseBytes: 8192, walBytes: 0, logBytes: 100, snapshot: null },
      problem: null,
      ...{ pid: process.pid, uptimeMs: 61_000 },
    };
  }

  async close(): Promise<void> {
    this.#connection.close();
    rmSync(this.dir, { recursive: true });
  }

  async #gate(): Promise<void> {
    this.#waiting += 1;
    await this.#held?.promise;
    this.#waiting -= 1;
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
  }

  #run({ sql, args }: Statement): StatementResult {
    try {
      const statement = this.#connection.prepare(sql);
      statement.setReadBigInts(true);
      const columns = statement.columns().map(({ name }) => name);
      const parameters = Array.isArray(args) ? args : args === undefined ? [] : [args];
      const rows = statement.all(...parameters) as unknown as SqlValue[][];
      const counts = this.#connection.prepare('SELECT changes(), last_insert_rowid()');
      counts.setReadBigInts(true);
      const [changes, rowid] = counts.all()[0] as unknown as [bigint, bigint];
      return {
        columns,
        rows: rows.map((row) => row.map(narrow)),
        changes: Number(changes),
        lastInsertRowid: narrow(rowid) as number | bigint,
      };
    } catch (error) {
      throw toPacelineError(error);
    }
  }
}

function narrow(value: SqlValue): SqlValue {
  const safe = typeof value === 'bigint' && Number.isSafeInteger(Number(value));
  return safe ? Number(value) : value;
}

function toPacelineError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const message = messageOf(error);
  if (message.includes('readonly')) {
    const hint = 'use execute for statements that write';
    return new PacelineError('READ_ONLY', `this call only reads; ${hint}`);
  }
  const { errcode = 1 } = error as { errcode?: number };
  const code = message.includes('constraint') ? 'SQLITE_CONSTRAINT' : 'SQLITE_ERROR';
  return new PacelineError('SQL', message, { sqlite: { code, errcode } });
}
