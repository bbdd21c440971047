import type { Position, WriteOptions } from './request.ts';
import type { SqlArgs } from './value.ts';

export type LoadItems = Iterable<SqlArgs> | AsyncIterable<SqlArgs>;

/** What has been loaded, and is committed. */
export interface LoadProgress {
  readonly items: number;
  /** Transactions that took. */
  readonly chunks: number;
  /** Of the last one; null before the first. */
  readonly position: Position | null;
}

export interface LoadOptions extends WriteOptions {
  /** Items in one transaction at most; default 1000. */
  readonly chunkItems?: number;
  /** Bytes of arguments in one transaction, roughly, at most; default 1 MiB. */
  readonly chunkBytes?: number;
  /** Called after each transaction. */
  readonly onProgress?: (progress: LoadProgress) => void;
}
