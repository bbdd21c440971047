import type { StatementResult } from '../api/request.ts';
import { decodeError, decodeResults, encodeError, writeResults } from '../api/wire.ts';
import { must } from '../base/assert.ts';
import { ByteWriter } from '../base/bytes.ts';
import { type ErrorRecord, PacelineError } from '../base/errors.ts';
import { type EntryId, ORIGIN } from '../raft/entry.ts';
import { OURS_REFUSED, type StatementGuard } from './authorizer.ts';
import type { Connection, PreparedStatement } from './binding.ts';

/** The layout of the tables below. */
export const FORMAT = 1;

/**
 * Paceline's tables in the replicated database. `_paceline` has one row: the position of the database (I6), written in
 * the same commit as the data. The two `_paceline_requests` tables keep the first answer to each request id (I9): one
 * fills up while the other is the previous generation; when it is full the older one is emptied and they change places.
 */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS _paceline(id INTEGER PRIMARY KEY CHECK(id=1), cluster TEXT, format INT, term INT, idx INT, generation INT, kept INT);
  CREATE TABLE IF NOT EXISTS _paceline_requests_0(id TEXT PRIMARY KEY, term INT, idx INT, result BLOB) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS _paceline_requests_1(id TEXT PRIMARY KEY, term INT, idx INT, result BLOB) WITHOUT ROWID`;

/** What bears our prefix. */
const OWN_NAMES = ['_paceline', '_paceline_requests_0', '_paceline_requests_1'];

/** The first byte of a kept answer. */
const DONE = 1;
const REFUSED = 2;

interface OwnStatements {
  readonly names: PreparedStatement;
  readonly position: PreparedStatement;
  readonly find: PreparedStatement;
  readonly keep: readonly PreparedStatement[];
  readonly empty: readonly PreparedStatement[];
}

/** What a write was answered. */
export type Kept =
  | { readonly results: readonly StatementResult[] }
  | { readonly error: ErrorRecord };

/** The answer to the write that was done, or refused, under an id. */
export type KeptAnswer = Kept & { readonly position: EntryId };

/**
 * The position that the database itself records; the origin for the empty one that every member starts with. Throws DATABASE_DAMAGED
 * for a database that is not a member's.
 */
export function readPosition(
  connection: Connection,
): EntryId & { readonly cluster: string | null } {
  const { objects, ours } = connection
    .prepare(
      "SELECT count(*) AS objects, coalesce(sum(name = '_paceline'), 0) AS ours FROM sqlite_schema",
    )
    .get() as { objects: number; ours: number };
  if (objects === 0) return { ...ORIGIN, cluster: null };
  const position =
    ours === 0
      ? undefined
      : connection.prepare('SELECT term, idx AS "index", cluster FROM _paceline').get();
  if (position === undefined)
    throw new PacelineError('DATABASE_DAMAGED', 'it is not the database of a member');
  return position as EntryId & { cluster: string };
}

/** Writes Paceline's tables on the writer connection, inside whatever transaction is open there. */
export class OwnTables {
  readonly #connection: Connection;
  readonly #guard: StatementGuard;
  readonly #idsKept: number;
  #statements: OwnStatements | null = null;
  #generation = 0;
  #kept = 0;

  constructor(connection: Connection, guard: StatementGuard, idsKept: number) {
    this.#connection = connection;
    this.#guard = guard;
    this.#idsKept = idsKept;
  }

  /** Makes the tables where they are missing, and reads what is counted in memory. Call inside a transaction when this member starts to lead. */
  prepare(cluster: string): void {
    this.#guard.lifted(() => {
      this.#connection.exec(SCHEMA);
      this.#connection
        .prepare('INSERT OR IGNORE INTO _paceline VALUES(1, ?, ?, 0, 0, 0, 0)')
        .run(cluster, FORMAT);
      this.#statements ??= prepareStatements(this.#connection);
    });
    this.reload();
  }

  /** After a rollback: the counters are those of the database again. */
  reload(): void {
    const row = this.#guard.lifted(() =>
      this.#connection.prepare('SELECT generation, kept FROM _paceline').get(),
    ) as { generation: number; kept: number };
    this.#generation = row.generation;
    this.#kept = row.kept;
  }

  /** Throws STATEMENT_FORBIDDEN if something else bears our prefix: the authorizer is not told what a table is renamed to. */
  checkNames(): void {
    const { names } = must(this.#statements, 'prepared tables');
    const found = this.#guard.lifted(() => names.all()) as { name: string }[];
    if (found.every(({ name }) => OWN_NAMES.includes(name))) return;
    throw new PacelineError('STATEMENT_FORBIDDEN', OURS_REFUSED);
  }

  writePosition({ term, index }: EntryId): void {
    const { position } = must(this.#statements, 'prepared tables');
    this.#guard.lifted(() => position.run(term, index, this.#generation, this.#kept));
  }

  find(id: string): KeptAnswer | null {
    const { find } = must(this.#statements, 'prepared tables');
    const row = this.#guard.lifted(() => find.get(id, id)) as
      | { term: number; idx: number; result: Uint8Array }
      | undefined;
    if (row === undefined) return null;
    return { position: { term: row.term, index: row.idx }, ...decodeKept(row.result) };
  }

  keep(id: string, position: EntryId, answer: Kept): void {
    const { keep } = must(this.#statements, 'prepared tables');
    if (this.#kept >= this.#idsKept) this.#turn();
    this.#kept++;
    this.#guard.lifted(() =>
      keep[this.#generation]!.run(id, position.term, position.index, encodeKept(answer)),
    );
  }

  #turn(): void {
    const { empty } = must(this.#statements, 'prepared tables');
    this.#generation = 1 - this.#generation;
    this.#kept = 0;
    this.#guard.lifted(() => empty[this.#generation]!.run());
  }
}

function encodeKept(answer: Kept): Uint8Array {
  const writer = new ByteWriter(64);
  if ('error' in answer) writer.u8(REFUSED).raw(encodeError(answer.error));
  else writeResults(writer.u8(DONE), answer.results);
  return writer.finish();
}

function decodeKept(bytes: Uint8Array): Kept {
  const rest = bytes.subarray(1);
  return bytes[0] === REFUSED ? { error: decodeError(rest) } : { results: decodeResults(rest) };
}

function prepareStatements(connection: Connection): OwnStatements {
  const both = (sql: string) =>
    [0, 1].map((g) => connection.prepare(sql.replaceAll('%', String(g))));
  return {
    names: connection.prepare(
      "SELECT name FROM sqlite_schema WHERE name LIKE '\\_paceline%' ESCAPE '\\'",
    ),
    position: connection.prepare(
      'UPDATE _paceline SET term = ?, idx = ?, generation = ?, kept = ? WHERE id = 1',
    ),
    find: connection.prepare(
      'SELECT term, idx, result FROM _paceline_requests_0 WHERE id = ? UNION ALL SELECT term, idx, result FROM _paceline_requests_1 WHERE id = ?',
    ),
    keep: both('INSERT INTO _paceline_requests_% VALUES(?, ?, ?, ?)'),
    empty: both('DELETE FROM _paceline_requests_%'),
  };
}
