import type { ByteSource } from '../../src/wal/source.ts';

/** Bytes in memory as a file. */
export function memorySource(bytes: Uint8Array): ByteSource {
  return { size: bytes.length, read: (offset, length) => bytes.slice(offset, offset + length) };
}
