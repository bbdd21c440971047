import { eq, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/libsql';
import { migrate } from 'drizzle-orm/libsql/migrator';
import type { LocalDatabase } from 'paceline';
import { libsqlClient } from 'paceline/libsql';
import { BOOKS, type Shop } from '../shop.ts';
import * as schema from './schema.ts';

const { books, orders } = schema;

/** The shop on Drizzle's own libSQL driver. */
export function drizzleShop(handle: LocalDatabase): Shop {
  const client = libsqlClient(handle);
  const db = drizzle(client, { schema });
  return {
    async migrate() {
      await migrate(db, { migrationsFolder: 'examples/drizzle/migrations' });
      await db.insert(books).values(BOOKS).onConflictDoNothing();
    },

    async order(reference, bookId) {
      await db.transaction(async (tx) => {
        const placed = await tx
          .insert(orders)
          .values({ reference, bookId })
          .onConflictDoNothing()
          .returning();
        if (placed.length === 0) return; // by an earlier attempt, whose answer was lost
        await tx
          .update(books)
          .set({ stock: sql`${books.stock} - 1` })
          .where(eq(books.id, bookId));
      });
    },

    async report() {
      await client.sync();
      const found = await db.query.books.findMany({
        columns: { title: true, stock: true },
        with: { orders: { columns: { reference: true }, orderBy: orders.reference } },
        orderBy: books.id,
      });
      return found.map((book) => ({ ...book, orders: book.orders.map((o) => o.reference) }));
    },
  };
}
