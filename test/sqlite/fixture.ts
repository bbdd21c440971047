import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SqlArgs } from '../../src/api/value.ts';
import type { Entry, EntryId } from '../../src/raft/entry.ts';
import { ORIGIN } from '../../src/raft/entry.ts';
import { PageHasher } from '../../src/redo/page-hash.ts';
import {
  closeConnections,
  type EngineConnections,
  openConnections,
} from '../../src/sqlite/connections.ts';
import { Engine, type Executed } from '../../src/sqlite/engine.ts';
import type { Outcome, Write } from '../../src/sqlite/executor.ts';
import { seedPage } from '../../src/sqlite/seed.ts';

export const ENGINE_OPTIONS = {
  cluster: 'test-cluster',
  pageCacheBytes: 2 ** 20,
  resultBytesMax: 2 ** 20,
  requestIdsKept: 1000,
  batchMs: 1000,
  transactionBytesMax: 2 ** 22,
  onVisible: () => {},
};

export function scratch(name: string): string {
  return mkdtempSync(join(tmpdir(), `paceline-${name}-`));
}

/** One engine on a database of its own that starts from the seed page. */
export class EngineFixture {
  readonly path: string;
  connections: EngineConnections;
  engine: Engine;
  readonly log: Entry[] = [];
  readonly #dir: string;

  constructor(pageSize = 4096) {
    this.#dir = scratch('engine');
    mkdirSync(this.#dir, { recursive: true });
    this.path = join(this.#dir, 'main.db');
    writeFileSync(this.path, seedPage(pageSize));
    this.connections = openConnections(this.path);
    const checksum = new PageHasher().hash(1, seedPage(pageSize)).take();
    this.engine = new Engine(this.connections, ORIGIN, checksum, ENGINE_OPTIONS);
  }

  lead(term = 1): void {
    this.#note(this.engine.lead(term));
  }

  /** Runs each statement as a write of its own, all in one batch. */
  run(...statements: (string | [string, SqlArgs])[]): Outcome[] {
    return this.runWrites(statements.map((s) => ({ statements: [toStatement(s)], id: null })));
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

  /** Closes everything and opens it again, as after a restart. */
  reopen(): EntryId {
    const { checksum } = this.engine;
    closeConnections(this.connections);
    this.connections = openConnections(this.path);
    const { term, index } = this.connections.position;
    this.engine = new Engine(this.connections, { term, index }, checksum, ENGINE_OPTIONS);
    return { term, index };
  }

  all(sql: string): unknown[] {
    return this.connections.writer.prepare(sql).all();
  }

  close(): void {
    closeConnections(this.connections);
    rmSync(this.#dir, { recursive: true });
  }

  #note({ id, data }: Executed): void {
    this.log.push({ ...id, membership: null, data });
  }
}

function toStatement(s: string | [string, SqlArgs]) {
  return typeof s === 'string' ? { sql: s } : { sql: s[0], args: s[1] };
}
