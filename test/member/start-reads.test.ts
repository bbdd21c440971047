import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { test } from 'node:test';
import { DatabaseSync } from '../../src/sqlite/binding.ts';
import { Local } from './fixture.ts';

const MIB = 2 ** 20;
const DATABASE_MIB = 40;
/** The log is read, and its segments are as long as they may become. */
const SMALL_LOG = { segmentBytesMax: MIB / 4 };
/** For the programs of the threads, the first pages, the log. */
const START_BYTES_MAX = 4 * MIB;

/** What this process, with all its threads, has read so far, from files that are in memory, too. */
function bytesRead(): number {
  const [, chars] = /^rchar: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8')) ?? [];
  return Number(chars);
}

// A second or so, for the import: a smaller database could be read as a whole without being noticed.
test('a member’s start does not read its database through', async (t) => {
  const local = new Local(t);
  const file = local.dir('app.db');
  const db = new DatabaseSync(file);
  db.exec(`CREATE TABLE t(v); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT ${DATABASE_MIB})
    INSERT INTO t SELECT randomblob(${MIB}) FROM n`);
  db.close();
  assert.ok(statSync(file).size > DATABASE_MIB * MIB);
  const first = await local.open({ ...SMALL_LOG, import: file });
  await first.execute('CREATE TABLE u(v)');
  await first.close();
  const before = bytesRead();
  const again = await local.open(SMALL_LOG);
  await again.execute('INSERT INTO u VALUES (1)');
  assert.deepEqual((await again.query('SELECT v FROM u')).rows, [[1]]);
  const read = bytesRead() - before;
  assert.ok(read < START_BYTES_MAX, `${read} bytes were read`);
});
