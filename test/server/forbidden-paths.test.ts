/** What clients may not do they may not do on any path: some statements are tried on all of them, on the leader and on a follower. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { LocalDatabase, SessionDatabase } from '../../src/api/database.ts';
import { createClient } from '../../src/client/client.ts';
import { libsqlClient } from '../../src/libsql/client.ts';
import { type HttpServer, startHttp } from '../../src/server/http.ts';
import { Local } from '../member/fixture.ts';

/** One of each sort; test/sqlite/forbidden.test.ts has them all. */
const FORBIDDEN = [
  "ATTACH ':memory:' AS other",
  'VACUUM',
  'CREATE TEMP TABLE z(x)',
  'PRAGMA wal_checkpoint',
  'DELETE FROM _paceline',
  'BEGIN',
];
/** Savepoints are for transactions, where each is an execute of its own. */
const SAVEPOINTS = ['SAVEPOINT s'];

type Path = (db: LocalDatabase, http: SessionDatabase, sql: string) => unknown;

async function within(
  db: LocalDatabase,
  mode: 'write' | 'read',
  work: (transaction: Awaited<ReturnType<typeof begin>>) => unknown,
): Promise<unknown> {
  const transaction = await begin(db, mode);
  try {
    return await work(transaction);
  } finally {
    await transaction.close();
  }
}

function begin(db: LocalDatabase, mode: 'write' | 'read') {
  return db.transaction(mode);
}

const PATHS: Readonly<Record<string, Path>> = {
  execute: (db, _, sql) => db.execute(sql),
  batch: (db, _, sql) => db.batch([{ sql: 'INSERT INTO t VALUES (1)' }, { sql }]),
  load: (db, _, sql) => db.load(sql, [[]]),
  query: (db, _, sql) => db.query(sql),
  'strong query': (db, _, sql) => db.query(sql, [], { level: 'strong' }),
  'query on a worker': (db, _, sql) => db.query(sql, [], { worker: true }),
  'first row in place': async (db, _, sql) => db.prepare(sql).get(),
  'rows in place': async (db, _, sql) => db.prepare(sql).all(),
  'row by row in place': async (db, _, sql) => [...db.prepare(sql).iterate()],
  'columns in place': async (db, _, sql) => db.prepare(sql).columns(),
  snapshot: (db, _, sql) => db.snapshot((snapshot) => snapshot.query(sql)),
  'in place in a snapshot': (db, _, sql) =>
    db.snapshot((snapshot) => snapshot.prepare(sql).all() as unknown),
  'batch in a transaction': (db, _, sql) =>
    within(db, 'write', (one) => one.batch([{ sql: 'INSERT INTO t VALUES (1)' }, { sql }])),
  'query in a transaction': (db, _, sql) => within(db, 'write', (one) => one.query(sql)),
  'query in a read transaction': (db, _, sql) => within(db, 'read', (one) => one.query(sql)),
  'execute over HTTP': (_, http, sql) => http.execute(sql),
  'batch over HTTP': (_, http, sql) => http.batch([{ sql }]),
  'query over HTTP': (_, http, sql) => http.query(sql),
  'libsql batch': (db, _, sql) => libsqlClient(db).batch([sql]),
};
/** Where savepoints are allowed, or not. */
const TRANSACTION: Readonly<Record<string, Path>> = {
  'execute in a transaction': (db, _, sql) => within(db, 'write', (one) => one.execute(sql)),
};

const local = new Local({ after });
const servers: HttpServer[] = [];
let members: LocalDatabase[];

before(async () => {
  members = await local.openAll(['a', 'b', 'c']);
  await members[0]!.execute('CREATE TABLE t(x)');
  for (const db of members.slice(0, 2))
    servers.push(await startHttp(db, { listen: '127.0.0.1:0' }));
});

after(async () => {
  await Promise.all(servers.map((server) => server.close()));
});

/** Paceline's code; libSQL's errors have it in their cause. */
function codeOf(error: unknown): unknown {
  const { cause, code } = error as { cause?: { code?: unknown }; code?: unknown };
  return (error as Error).name.startsWith('Libsql') ? cause?.code : code;
}

async function answer(path: Path, db: LocalDatabase, http: SessionDatabase, sql: string) {
  try {
    await path(db, http, sql);
    return 'done';
  } catch (error) {
    return codeOf(error);
  }
}

for (const [which, name] of ['the leader', 'a follower'].entries())
  test(`what is forbidden is refused on every path, through ${name}`, async () => {
    const db = members[which]!;
    const http = createClient(`http://${servers[which]!.address}`);
    const everywhere = { ...PATHS, ...TRANSACTION };
    const found: string[] = [];
    for (const [statements, paths] of [
      [FORBIDDEN, everywhere],
      [SAVEPOINTS, PATHS],
    ] as const)
      for (const sql of statements)
        for (const [via, path] of Object.entries<Path>(paths)) {
          const code = await answer(path, db, http, sql);
          if (code !== 'STATEMENT_FORBIDDEN') found.push(`${sql}: ${via}: ${code}`);
        }
    assert.deepEqual(found, []);
    assert.deepEqual((await db.query('SELECT count(*) FROM t')).rows, [[0]]);
    await http.close();
  });
