/**
 * A value as SQLite stores it. Integers beyond ±(2^53-1) are bigint, all others number, both ways;
 * a number with a fraction, or bound from one, is a REAL.
 */
export type SqlValue = null | number | bigint | string | Uint8Array;

/** By position for `?` and `?NNN`; by name (with or without its prefix) for `:a`, `@a`, `$a`. */
export type SqlArgs = readonly SqlValue[] | Readonly<Record<string, SqlValue>>;
