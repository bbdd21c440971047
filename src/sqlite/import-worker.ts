import { closeSync, openSync, readSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { must } from '../base/assert.ts';
import { messageOf, PacelineError } from '../base/errors.ts';
import { type ChecksumValue, DatabaseChecksum, lockBytePage } from '../redo/checksum.ts';
import { PageHasher } from '../redo/page-hash.ts';
import { StatementGuard } from './authorizer.ts';
import { backup, type Connection, DatabaseSync } from './binding.ts';
import { checkDefinitions } from './definitions.ts';
import { fileError } from './disk-room.ts';
import type { Imported, ImportReply, ImportRequest } from './import.ts';
import { OwnTables } from './own-tables.ts';

/** How long to wait for whoever is writing to the source. */
const BUSY_MS = 5_000;

type Copying = Pick<ImportRequest, 'source' | 'target'>;

const port = must(parentPort, 'a parent thread');

async function run({ source, target, cluster, position }: ImportRequest): Promise<Imported> {
  await copy(source, target);
  const db = new DatabaseSync(target);
  check(db, { source, target });
  const warnings = brokenKeys(db, source);
  db.exec('PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; BEGIN IMMEDIATE');
  const guard = new StatementGuard(db);
  const tables = new OwnTables(db, guard, 1);
  tables.prepare(cluster);
  refuseDefinitions(db, guard, source);
  tables.writePosition(position);
  return { checksum: guard.lifted(() => finish(db, target)), warnings };
}

async function copy(source: string, target: string): Promise<void> {
  let from: Connection | null = null;
  try {
    from = new DatabaseSync(source, { readOnly: true, timeout: BUSY_MS });
    from.prepare('SELECT count(*) FROM sqlite_schema').get();
    await backup(from, target);
  } catch (error) {
    throw forWantOfRoom(error, target) ?? invalid(source, messageOf(error), error);
  } finally {
    from?.close();
  }
}

/** Not the fault of the file that is copied. */
function forWantOfRoom(error: unknown, target: string): PacelineError | null {
  const known = fileError(error, target);
  if (known.code !== 'DISK_FULL') return null;
  const why = `there is no room for it where ${target} is`;
  return new PacelineError(
    'DISK_FULL',
    `cannot copy the file to import: ${why}; free some space, then start this member again; nothing was changed`,
    { cause: error },
  );
}

/** Everything that would make the copy useless on the other members, or damaged already. */
function check(db: Connection, { source, target }: Copying): void {
  const all = (sql: string) => rowsOf(db, sql, { source, target });
  if (all("SELECT name FROM sqlite_schema WHERE name LIKE '\\_paceline%' ESCAPE '\\'").length > 0)
    throw invalid(
      source,
      'it has tables, or other things, named _paceline…, as the database of a member has: drop them first, in a copy',
    );
  const known = collations();
  for (const { name, sql } of all('SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL')) {
    for (const [, collation] of String(sql).matchAll(/\bCOLLATE\s+["'`[]?(\w+)/gi))
      if (!known.has(collation!.toUpperCase()))
        throw invalid(
          source,
          `"${name}" uses the collation ${collation}, which SQLite does not have by itself: import a copy without it`,
        );
    if (/^\s*CREATE\s+VIRTUAL/i.test(String(sql)))
      all(`SELECT 1 FROM "${String(name).replaceAll('"', '""')}" LIMIT 1`);
  }
  // Last: it stops at a collation that is not there, without a word about who needs it.
  const rows = all('PRAGMA integrity_check');
  if (rows[0]?.integrity_check !== 'ok')
    throw invalid(source, `it is damaged: ${rows[0]?.integrity_check}`);
}

/** Beside Paceline's tables: what no client may make would fail whatever writes touch it. */
function refuseDefinitions(db: Connection, guard: StatementGuard, source: string): void {
  try {
    checkDefinitions(db, guard, 'all');
  } catch (error) {
    throw invalid(source, messageOf(error), error);
  }
}

/** SQLite does not enforce foreign keys unless it is told to, so a sound file may have broken ones. */
function brokenKeys(db: Connection, source: string): string[] {
  const sql = 'SELECT "table" AS name, count(*) AS n FROM pragma_foreign_key_check GROUP BY 1';
  try {
    const found = db.prepare(sql).all() as { name: string; n: number }[];
    return found.map(({ name, n }) => {
      const what = `"${name}" has foreign keys that refer to nothing, ${n} in all`;
      return `${source}: ${what}; they are imported as they are (PRAGMA foreign_key_check lists them), and what is written from now on is checked`;
    });
  } catch (error) {
    const known = fileError(error, source);
    if (known.code !== 'SQL') throw known;
    const what = `its foreign keys cannot be checked (${messageOf(error)})`;
    const next =
      'writes to their tables fail as well, until the keys, or what they refer to, are mended';
    return [`${source}: ${what}; ${next}`];
  }
}

/** Those that SQLite has by itself. Not asked of the copy: that lists the names in its schema, too, known or not. */
function collations(): ReadonlySet<string> {
  const fresh = new DatabaseSync(':memory:');
  const rows = fresh.prepare('PRAGMA collation_list').all() as { name: string }[];
  fresh.close();
  return new Set(rows.map(({ name }) => name.toUpperCase()));
}

function rowsOf(
  db: Connection,
  sql: string,
  { source, target }: Copying,
): Record<string, unknown>[] {
  try {
    return db.prepare(sql).all() as Record<string, unknown>[];
  } catch (error) {
    throw forWantOfRoom(error, target) ?? invalid(source, messageOf(error), error);
  }
}

function finish(db: Connection, target: string): ChecksumValue {
  db.exec('COMMIT');
  const { busy } = db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get() as { busy: number };
  if (busy !== 0) throw new PacelineError('DATABASE_BUSY', `another process has ${target} open`);
  const { page_size: pageSize } = db.prepare('PRAGMA page_size').get() as { page_size: number };
  db.close();
  return checksumOf(target, pageSize);
}

/** Of a file that is all in one piece. Closing its descriptor is harmless: this thread is the only user, and is done. */
function checksumOf(path: string, pageSize: number): ChecksumValue {
  const checksum = new DatabaseChecksum();
  const hasher = new PageHasher();
  const page = new Uint8Array(pageSize);
  const fd = openSync(path, 'r');
  for (let pgno = 1; readSync(fd, page, 0, pageSize, (pgno - 1) * pageSize) === pageSize; pgno++)
    if (pgno !== lockBytePage(pageSize)) checksum.replace(null, hasher.hash(pgno, page));
  closeSync(fd);
  return checksum.take();
}

function invalid(source: string, why: string, cause?: unknown): PacelineError {
  return new PacelineError(
    'IMPORT_INVALID',
    `${source} cannot be imported: ${why}; nothing was changed`,
    { cause },
  );
}

function reply(message: ImportReply): void {
  port.postMessage(message);
}

const request = workerData as ImportRequest;

run(request).then(
  (imported) => reply(imported),
  (error: unknown) => {
    const known =
      error instanceof PacelineError
        ? error
        : (forWantOfRoom(error, request.target) ??
          new PacelineError('IO', messageOf(error), { cause: error }));
    reply({ error: known.toRecord() });
  },
);
