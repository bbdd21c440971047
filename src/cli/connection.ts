import type { Command } from 'commander';
import type { Database } from '../api/database.ts';
import { createClient } from '../client/client.ts';

/** Where `serve` examples in the documents listen. */
const DEFAULT_URL = 'http://127.0.0.1:4000';

/** Somebody waits at the terminal: long enough for a member that is just starting, no longer. */
const UNREACHABLE_MS = 1_000;

export interface ConnectionFlags {
  readonly url: string;
  readonly timeoutMs?: string;
}

/** The flags of every command that speaks to members over HTTP. */
export function addConnectionOptions(command: Command): Command {
  const url = process.env.PACELINE_URL ?? DEFAULT_URL;
  const text = 'HTTP addresses of members, with commas between, tried in turn';
  return command
    .option('--url <URL,...>', `${text} (environment: PACELINE_URL)`, url)
    .option('--timeout-ms <MS>', 'how long a call may take (default: 10000)');
}

/** `host:port`, as `serve --http` takes it, will do. */
function withScheme(address: string): string {
  return /^[^/:]+:\d+$/.test(address) ? `http://${address}` : address;
}

/** Runs `use` with a client, and closes it whatever happens. */
export async function withClient(
  { url, timeoutMs }: ConnectionFlags,
  use: (database: Database) => Promise<void>,
): Promise<void> {
  const database = createClient(url.split(',').map(withScheme), {
    unreachableMs: UNREACHABLE_MS,
    ...(timeoutMs === undefined ? {} : { timeoutMs: Number(timeoutMs) }),
  });
  try {
    await use(database);
  } finally {
    await database.close();
  }
}
