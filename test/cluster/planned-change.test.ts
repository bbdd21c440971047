import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LocalDatabase } from '../../src/api/database.ts';
import { applied, Local, leaderFirst } from '../member/fixture.ts';
import { until } from './until.ts';

const INSERT = 'INSERT INTO t(v) VALUES (1)';
const COUNT = 'SELECT count(*) FROM t';
const HAND_OVERS = 2;
/** Of each kind, between two hand-overs. */
const REQUESTS = 3;

/** Every kind of request that a handle takes. */
const KINDS: Readonly<Record<string, (db: LocalDatabase) => Promise<unknown>>> = {
  execute: (db) => db.execute(INSERT),
  'execute with an id': (db) => db.execute(INSERT, [], { timeoutMs: 60_000 }),
  'execute at durability all': (db) => db.execute(INSERT, [], { durability: 'all' }),
  batch: (db) => db.batch([{ sql: INSERT }, { sql: COUNT }]),
  load: (db) => db.load('INSERT INTO t(v) VALUES (?)', [[1], [2]]),
  outcome: (db) => db.outcome('known'),
  transaction: (db) =>
    db.transaction(async (tx) => {
      await tx.query(COUNT);
      await tx.execute(INSERT);
    }),
  'transaction that reads': (db) => db.transaction((tx) => tx.query(COUNT), { mode: 'read' }),
  eventual: (db) => db.query(COUNT, [], { level: 'eventual' }),
  session: (db) => db.query(COUNT),
  bounded: (db) => db.query(COUNT, [], { maxLagMs: 20 }),
  strong: (db) => db.query(COUNT, [], { level: 'strong' }),
  snapshot: (db) => db.snapshot((snapshot) => snapshot.query(COUNT)),
  prepare: async (db) => db.prepare(COUNT).get(),
};

/** A turn of the event loop: reads of one's own copy would leave no room for anything else. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

test('a planned change of leader fails no request of any kind, through any member', async (t) => {
  const members = await new Local(t).openAll(['a', 'b', 'c']);
  const create = 'CREATE TABLE t(n INTEGER PRIMARY KEY, v)';
  const { position } = await members[0]!.execute(create, [], { id: 'known' });
  for (const db of members) await applied(db, position);
  const done = new Map<string, number>();
  const failures: string[] = [];
  let stopped = false;
  const workers = members.flatMap((db, i) =>
    Object.entries(KINDS).map(async ([name, request]) => {
      for (; !stopped; await turn()) {
        await request(db).catch((error) =>
          failures.push(`${name}: ${error.code} ${error.message}`),
        );
        done.set(`${name} ${i}`, (done.get(`${name} ${i}`) ?? 0) + 1);
      }
    }),
  );
  const progress = () => {
    done.clear();
    const all = () => done.size === workers.length && Math.min(...done.values()) >= REQUESTS;
    return until('requests of all kinds are done', all, () => JSON.stringify([...done]));
  };
  for (let i = 0; i < HAND_OVERS; i++) {
    await progress();
    const [leader] = await leaderFirst(members);
    await leader!.transferLeadership();
  }
  await progress();
  stopped = true;
  await Promise.all(workers);
  assert.deepEqual(failures, []);
});
