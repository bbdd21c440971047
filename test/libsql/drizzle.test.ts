import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { register } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { eq, sql } from 'drizzle-orm';
import { drizzle, type LibSQLDatabase } from 'drizzle-orm/libsql';
import { migrate } from 'drizzle-orm/libsql/migrator';
import * as schema from '../../examples/drizzle/schema.ts';
import type { LocalDatabase } from '../../src/api/database.ts';
import { libsqlClient } from '../../src/libsql/client.ts';
import { Local } from '../member/fixture.ts';

const MIGRATIONS = 'examples/drizzle/migrations';
const { books, orders } = schema;
const local = new Local({ after });
const scratch = mkdtempSync(join(tmpdir(), 'paceline-drizzle-'));
let follower: LocalDatabase;
let db: LibSQLDatabase<typeof schema>;

before(async () => {
  const [, second] = await local.openAll(['a', 'b', 'c']);
  follower = second as LocalDatabase;
  db = drizzle(libsqlClient(follower), { schema });
});

after(() => rmSync(scratch, { recursive: true, force: true }));

/** The migrations as they were when there were so many. */
function firstMigrations(count: number): string {
  const folder = join(scratch, String(count));
  cpSync(MIGRATIONS, folder, { recursive: true });
  const path = join(folder, 'meta', '_journal.json');
  const journal = JSON.parse(readFileSync(path, 'utf8')) as { entries: unknown[] };
  journal.entries.length = count;
  writeFileSync(path, JSON.stringify(journal));
  return folder;
}

test('migrations that drizzle-kit makes rebuild a table without its rows’ dependants being deleted', async () => {
  await migrate(db, { migrationsFolder: firstMigrations(1) });
  await db.insert(books).values({ id: 1, title: 'Walden', stock: 3 });
  await db.insert(orders).values({ reference: 'first', bookId: 1 });
  await migrate(db, { migrationsFolder: MIGRATIONS });
  await migrate(db, { migrationsFolder: MIGRATIONS });
  const [found] = await db.query.books.findMany({ with: { orders: true } });
  assert.deepEqual(found, {
    ...{ id: 1, title: 'Walden', stock: 3 },
    orders: [{ reference: 'first', bookId: 1 }],
  });
  const twice = db.insert(books).values({ title: 'Walden', stock: 1 });
  await assert.rejects(twice, (error: Error) => {
    assert.equal(
      (error.cause as { extendedCode: string }).extendedCode,
      'SQLITE_CONSTRAINT_UNIQUE',
    );
    return true;
  });
});

test('a nested transaction that throws goes back to its savepoint', async () => {
  await db.transaction(async (tx) => {
    await tx.insert(orders).values({ reference: 'outer', bookId: 1 });
    const nested = tx.transaction(async (inner) => {
      await inner.insert(orders).values({ reference: 'inner', bookId: 1 });
      throw new Error('thought better of it');
    });
    await assert.rejects(nested, /thought better/);
    await tx.transaction((inner) => inner.update(books).set({ stock: sql`${books.stock} - 1` }));
  });
  const found = await db.query.orders.findFirst({
    where: eq(orders.reference, 'outer'),
    with: { book: true },
  });
  assert.deepEqual(found?.book, { id: 1, title: 'Walden', stock: 2 });
  assert.equal(await db.$count(orders), 2);
});

test('a transaction that throws, or is rolled back, leaves nothing; a batch is atomic', async () => {
  const thrown = db.transaction(async (tx) => {
    await tx.delete(orders);
    tx.rollback();
  });
  await assert.rejects(thrown, /Rollback/);
  const insert = db.insert(orders).values({ reference: 'batch', bookId: 1 });
  await assert.rejects(db.batch([insert, insert]));
  assert.equal(await db.$count(orders), 2);
  const [, rows] = await db.batch([insert, db.select().from(orders)]);
  assert.equal(rows.length, 3);
});

/** The driver loads that package though it is given a database: what is loaded in its place cannot open any. */
const LOAD_NONE = `export const resolve = (name, context, next) =>
  name === 'better-sqlite3'
    ? { url: 'data:text/javascript,export default class {}', shortCircuit: true }
    : next(name, context);`;

test('Drizzle’s driver for better-sqlite3 reads a member’s copy in place, and cannot write it', async () => {
  register(`data:text/javascript,${encodeURIComponent(LOAD_NONE)}`);
  const { drizzle: betterSqlite3 } = await import('drizzle-orm/better-sqlite3');
  const reader = { prepare: (text: string) => follower.prepare(text) };
  const both = [follower, reader].map((client) => client as never);
  for (const copy of [
    ...both.map((client) => betterSqlite3({ client, schema })),
    betterSqlite3(follower as never, { schema }),
  ]) {
    const found = copy.select({ title: books.title }).from(books).where(eq(books.id, 1));
    assert.deepEqual(found.get(), { title: 'Walden' });
    assert.deepEqual(await found, [{ title: 'Walden' }]);
    assert.equal(copy.select().from(orders).where(eq(orders.reference, 'none')).get(), undefined);
    assert.equal(copy.select().from(orders).all().length, 3);
    assert.equal(await copy.$count(orders), 3);
    const byId = copy
      .select()
      .from(books)
      .where(eq(books.id, sql.placeholder('id')))
      .prepare();
    assert.equal(byId.get({ id: 1 })?.title, 'Walden');
    assert.deepEqual(byId.values({ id: 2 }), []);
    const [book] = copy.query.books.findMany({ with: { orders: true } }).sync();
    assert.deepEqual([book?.title, book?.orders.length], ['Walden', 3]);
    assert.deepEqual(copy.get(sql`SELECT count(*) AS n FROM ${orders}`), { n: 3 });
    assert.deepEqual(copy.values(sql`SELECT 1, 2`), [[1, 2]]);
    const refused = { code: 'READ_ONLY', category: 'rejected' };
    assert.throws(() => copy.delete(orders).run(), refused);
    assert.throws(
      () => copy.insert(books).values({ title: 'x', stock: 1 }).returning().all(),
      refused,
    );
  }
  await follower.snapshot((state) => {
    const copy = betterSqlite3({ client: state as never, schema });
    assert.equal(copy.select().from(orders).all().length, 3);
  });
  const withReader = betterSqlite3({ client: reader as never });
  assert.throws(() => withReader.transaction(() => 1), TypeError);
});
