import type { Kysely, Migration } from 'kysely';

export interface Tables {
  books: { id: number; title: string; stock: number };
  orders: { reference: string; book_id: number };
}

export const migrations: Record<string, Migration> = {
  '0001_books': {
    async up(db: Kysely<unknown>) {
      await db.schema
        .createTable('books')
        .addColumn('id', 'integer', (column) => column.primaryKey())
        .addColumn('title', 'text', (column) => column.notNull().unique())
        .addColumn('stock', 'integer', (column) => column.notNull())
        .execute();
    },
  },
  '0002_orders': {
    async up(db: Kysely<unknown>) {
      await db.schema
        .createTable('orders')
        .addColumn('reference', 'text', (column) => column.primaryKey())
        .addColumn('book_id', 'integer', (column) => column.notNull().references('books.id'))
        .execute();
    },
  },
};
