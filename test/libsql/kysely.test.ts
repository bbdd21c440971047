import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { LibsqlDialect } from '@libsql/kysely-libsql';
import { type Generated, Kysely, SqliteDialect, sql } from 'kysely';
import type { LocalDatabase } from '../../src/api/database.ts';
import { libsqlClient } from '../../src/libsql/client.ts';
import { Local } from '../member/fixture.ts';

interface Tables {
  person: { id: Generated<number>; name: string };
}

const local = new Local({ after });
let follower: LocalDatabase;
let db: Kysely<Tables>;

before(async () => {
  const [, second] = await local.openAll(['a', 'b', 'c']);
  follower = second as LocalDatabase;
  db = new Kysely<Tables>({ dialect: new LibsqlDialect({ client: libsqlClient(follower) }) });
  await db.schema
    .createTable('person')
    .addColumn('id', 'integer', (column) => column.primaryKey())
    .addColumn('name', 'text', (column) => column.notNull().unique())
    .execute();
});

test('Kysely’s libSQL dialect inserts, selects, introspects', async () => {
  const inserted = await db.insertInto('person').values({ name: 'Ann' }).executeTakeFirstOrThrow();
  assert.equal(inserted.insertId, 1n);
  const updated = await db.updateTable('person').set({ name: 'Anna' }).executeTakeFirstOrThrow();
  assert.equal(updated.numUpdatedRows, 1n);
  assert.deepEqual(await db.selectFrom('person').selectAll().execute(), [{ id: 1, name: 'Anna' }]);
  const [table] = (await db.introspection.getTables()).filter(({ name }) => name === 'person');
  assert.deepEqual(
    table?.columns.map(({ name, dataType }) => [name, dataType]),
    [
      ['id', 'INTEGER'],
      ['name', 'TEXT'],
    ],
  );
});

test('a transaction that fails is rolled back and throws what SQLite said', async () => {
  const failing = db.transaction().execute(async (tx) => {
    await tx.insertInto('person').values({ name: 'Ben' }).execute();
    await tx.insertInto('person').values({ name: 'Ben' }).execute();
  });
  await assert.rejects(failing, { code: 'SQLITE_CONSTRAINT', rawCode: 2067 });
  const { n } = await db
    .selectFrom('person')
    .select(({ fn }) => fn.countAll().as('n'))
    .executeTakeFirstOrThrow();
  assert.equal(n, 1);
});

test('Kysely’s own SQLite dialect reads a member’s copy in place, streams it, and cannot write it', async () => {
  const copy = new Kysely<Tables>({ dialect: new SqliteDialect({ database: follower }) });
  await db
    .insertInto('person')
    .values([{ name: 'Cleo' }, { name: 'Dan' }])
    .execute();
  const named = copy.selectFrom('person').select('name').where('name', '>', 'B').orderBy('name');
  assert.deepEqual(await named.execute(), [{ name: 'Cleo' }, { name: 'Dan' }]);
  const streamed: string[] = [];
  for await (const { name } of named.stream()) streamed.push(name);
  assert.deepEqual(streamed, ['Cleo', 'Dan']);
  await assert.rejects(copy.deleteFrom('person').execute(), { code: 'READ_ONLY' });
  await assert.rejects(sql`drop table person`.execute(copy), { code: 'READ_ONLY' });
  const [table] = (await copy.introspection.getTables()).filter(({ name }) => name === 'person');
  assert.equal(table?.columns.length, 2);
  const nothing = copy.transaction().execute(() => Promise.reject(new Error('was called')));
  await assert.rejects(nothing, { category: 'rejected' });
  assert.deepEqual(await named.executeTakeFirst(), { name: 'Cleo' }, 'and it reads on');
});
