import { LibsqlDialect } from '@libsql/kysely-libsql';
import { Kysely, Migrator, SqliteDialect } from 'kysely';
import type { LocalDatabase } from 'paceline';
import { libsqlClient } from 'paceline/libsql';
import { BOOKS, type Shop } from '../shop.ts';
import { migrations, type Tables } from './schema.ts';

/** The shop on Kysely: its libSQL dialect for everything, and its own SQLite dialect for reads without a promise in between. */
export function kyselyShop(handle: LocalDatabase): Shop {
  const client = libsqlClient(handle);
  const db = new Kysely<Tables>({ dialect: new LibsqlDialect({ client }) });
  const copy = new Kysely<Tables>({ dialect: new SqliteDialect({ database: handle }) });
  return {
    async migrate() {
      const provider = { getMigrations: async () => migrations };
      const { error } = await new Migrator({ db, provider }).migrateToLatest();
      if (error !== undefined) throw error;
      await db
        .insertInto('books')
        .values([...BOOKS])
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    },

    async order(reference, bookId) {
      await db.transaction().execute(async (tx) => {
        const placed = await tx
          .insertInto('orders')
          .values({ reference, book_id: bookId })
          .onConflict((conflict) => conflict.doNothing())
          .returning('reference')
          .executeTakeFirst();
        if (placed === undefined) return; // by an earlier attempt, whose answer was lost
        await tx
          .updateTable('books')
          .set((book) => ({ stock: book('stock', '-', 1) }))
          .where('id', '=', bookId)
          .execute();
      });
    },

    async report() {
      await client.sync();
      const books = await copy.selectFrom('books').selectAll().orderBy('id').execute();
      const orders = await copy.selectFrom('orders').selectAll().orderBy('reference').execute();
      return books.map(({ id, title, stock }) => ({
        ...{ title, stock },
        orders: orders.filter((order) => order.book_id === id).map(({ reference }) => reference),
      }));
    },
  };
}
