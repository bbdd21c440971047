/** The application of the examples: a bookshop. Both examples are this, on a different tool. */
export interface Shop {
  /** Brings the schema up to date and puts the books on the shelf. */
  migrate(): Promise<void>;
  /** Takes a copy off the shelf and notes the order, in one transaction. Takes effect once, however often it is called. */
  order(reference: string, bookId: number): Promise<void>;
  /** All that was committed before this was called. */
  report(): Promise<Shelf[]>;
}

export interface Shelf {
  readonly title: string;
  readonly stock: number;
  /** Their references. */
  readonly orders: readonly string[];
}

export const STOCK = 100_000;

export const BOOKS = ['Middlemarch', 'Ulysses', 'Walden'].map((title, i) => ({
  id: i + 1,
  title,
  stock: STOCK,
}));
