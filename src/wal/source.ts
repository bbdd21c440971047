/**
 * Reads up to `length` bytes at `offset` of a file; fewer only at its end. The pure rings get their
 * bytes through this, whoever holds the descriptor.
 */
export type ReadAt = (offset: number, length: number) => Uint8Array;

/** A file of known size. */
export interface ByteSource {
  readonly size: number;
  readonly read: ReadAt;
}
