import { readdirSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';

/** What a member that stopped cleanly leaves in its directory: see "Files of a member" in ARCHITECTURE.md. */
const EXPECTED: readonly RegExp[] = [
  /^lock\.db$/,
  /^member\.json$/,
  /^log\/base$/,
  /^log\/\d{16}\.log$/,
  /^lost\/[\d.-]+\.lost$/,
  /^db\/main\.db(-wal|-shm)?$/,
];

/** Every other file, relative to the directory. */
export function findLeftovers(dir: string): string[] {
  return readdirSync(dir, { recursive: true })
    .map((name) => join(dir, String(name)))
    .filter((path) => statSync(path).isFile())
    .map((path) => relative(dir, path))
    .filter((name) => !EXPECTED.some((pattern) => pattern.test(name)));
}
