import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { LocalDatabase } from '../../src/api/database.ts';
import type { LoadProgress } from '../../src/api/load.ts';
import { applied, Local } from './fixture.ts';

const local = new Local({ after });
let members: LocalDatabase[];

before(async () => {
  members = await local.openAll(['a', 'b', 'c']);
});

const INSERT = 'INSERT INTO t VALUES (?, ?)';

async function fresh(): Promise<void> {
  await members[0]!.execute('DROP TABLE IF EXISTS t');
  await members[0]!.execute('CREATE TABLE t(id INTEGER PRIMARY KEY, v)');
}

for (const [which, name] of ['the leader', 'a follower'].entries())
  test(`rows are loaded in chunks, and a source is asked for more only when the last chunk is committed, through ${name}`, async () => {
    await fresh();
    const db = members[which]!;
    let taken = 0;
    let committed = 0;
    let ahead = 0;
    async function* rows() {
      for (let id = 1; id <= 1050; id++) {
        taken++;
        ahead = Math.max(ahead, taken - committed);
        yield [id, `row ${id}`];
      }
    }
    const seen: LoadProgress[] = [];
    const onProgress = (progress: LoadProgress) => {
      committed = progress.items;
      seen.push(progress);
    };
    const done = await db.load(INSERT, rows(), { chunkItems: 100, onProgress });
    assert.deepEqual(done, seen.at(-1));
    assert.deepEqual([done.items, done.chunks, seen.length], [1050, 11, 11]);
    assert.ok(ahead <= 101, `${ahead} items were taken ahead`);
    await applied(db, done.position!);
    assert.deepEqual((await db.query('SELECT count(*) FROM t')).rows, [[1050]]);
  });

test('a load that fails keeps the chunks before, and with its id goes on behind them', async () => {
  await fresh();
  const [leader] = members;
  const rows = Array.from({ length: 40 }, (_, i) => [i === 25 ? 1 : i + 1, 'v']);
  const options = { chunkItems: 10, id: 'load' };
  let items = 0;
  const onProgress = (progress: LoadProgress) => {
    items = progress.items;
  };
  await assert.rejects(leader!.load(INSERT, rows, { ...options, onProgress }), { code: 'SQL' });
  assert.equal(items, 20);
  rows[25] = [26, 'v'];
  await assert.rejects(leader!.load(INSERT, rows, options), { code: 'SQL' });
  assert.deepEqual((await leader!.query('SELECT count(*) FROM t')).rows, [[20]]);
  await leader!.load(INSERT, rows.slice(20), { chunkItems: 10 });
  assert.deepEqual((await leader!.query('SELECT count(*) FROM t')).rows, [[40]]);
});

test('chunks are bounded by bytes too, nothing is a load, and nonsense is refused', async () => {
  await fresh();
  const db = members[0]!;
  const big = Array.from({ length: 6 }, (_, i) => [i, 'x'.repeat(600)]);
  assert.equal((await db.load(INSERT, big, { chunkBytes: 1000 })).chunks, 3);
  assert.deepEqual(await db.load(INSERT, []), { items: 0, chunks: 0, position: null });
  await assert.rejects(db.load(INSERT, big, { chunkItems: 0 }), { code: 'REQUEST_INVALID' });
});
