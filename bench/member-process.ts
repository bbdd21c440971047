/**
 * A member in a process of its own: `node member-process.js OPTIONS`, with the options of open() as JSON. Tells its
 * parent when it serves, and answers it. SIGTERM closes it in order; it does not outlive its parent.
 */
import { type OpenOptions, open, type Status } from '../src/index.ts';
import { logger } from './logger.ts';

export interface StatusRequest {
  readonly type: 'status';
  readonly key: number;
}

export type FromMember =
  | { readonly type: 'ready' }
  | { readonly type: 'status'; readonly key: number; readonly status: Status };

/** Before anything is awaited: a member may wait for the others as long as it likes. */
process.on('disconnect', () => process.exit());
if (!process.connected) process.exit();

const options = JSON.parse(process.argv[2] ?? '{}') as OpenOptions;
const db = await open({ ...options, logger });

function tell(message: FromMember): void {
  if (process.connected) process.send?.(message);
}

async function end(): Promise<void> {
  await db.close();
  if (process.connected) process.disconnect();
}

process.on('SIGTERM', end);
process.on('SIGINT', () => {}); // Ctrl-C reaches the whole group; the parent says when
process.on('message', async ({ key }: StatusRequest) => {
  tell({ type: 'status', key, status: await db.status() });
});
tell({ type: 'ready' });
