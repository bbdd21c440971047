import { relations, sql } from 'drizzle-orm';
import { check, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';

export const books = sqliteTable(
  'books',
  {
    id: integer('id').primaryKey(),
    title: text('title').notNull().unique(),
    stock: integer('stock').notNull(),
  },
  (table) => [check('stock_is_enough', sql`${table.stock} >= 0`)],
);

export const orders = sqliteTable('orders', {
  reference: text('reference').primaryKey(),
  bookId: integer('book_id')
    .notNull()
    .references(() => books.id, { onDelete: 'cascade' }),
});

export const booksRelations = relations(books, ({ many }) => ({ orders: many(orders) }));

export const ordersRelations = relations(orders, ({ one }) => ({
  book: one(books, { fields: [orders.bookId], references: [books.id] }),
}));
