import type { Statement } from '../api/request.ts';

/** What a write holds of memory while it waits, roughly. */
export function bytesOf(statements: readonly Statement[]): number {
  let bytes = 0;
  for (const { sql, args } of statements) {
    bytes += sql.length;
    if (args === undefined) continue;
    for (const value of Array.isArray(args) ? args : Object.values(args))
      bytes += typeof value === 'string' || value instanceof Uint8Array ? value.length : 8;
  }
  return bytes;
}
