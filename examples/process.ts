/** One process of the application: a member of the cluster, and a shop on it. Does what its parent asks. */
import { type OpenOptions, open } from 'paceline';
import type { Asked, Told } from './ipc.ts';
import { BOOKS } from './shop.ts';
import { untilDone } from './until-done.ts';

const [tool, options] = JSON.parse(process.argv[2]!) as ['drizzle' | 'kysely', OpenOptions];
process.on('disconnect', () => process.exit());
const handle = await open(options);
const shop =
  tool === 'drizzle'
    ? (await import('./drizzle/shop.ts')).drizzleShop(handle)
    : (await import('./kysely/shop.ts')).kyselyShop(handle);

/** Differs from those of an earlier process of this name. */
const run = process.pid;
let atWork = true;
let working: Promise<void> = Promise.resolve();

function tell(message: Told): void {
  if (process.connected) process.send!(message);
}

/** Takes order after order, and tells of each one that the database acknowledged. */
async function work(): Promise<void> {
  for (let n = 0; atWork; n++) {
    const reference = `${options.id}-${run}-${n}`;
    await untilDone(() => shop.order(reference, BOOKS[n % BOOKS.length]!.id));
    tell({ type: 'acknowledged', reference });
  }
}

async function answer(question: Asked['ask']): Promise<unknown> {
  switch (question) {
    case 'migrate':
      return shop.migrate();
    case 'leader':
      return (await handle.status()).leader;
    case 'work':
      working = work();
      return;
    case 'stop':
      atWork = false;
      return working;
    case 'report':
      return shop.report();
    case 'close':
      return handle.close();
  }
}

process.on('message', ({ key, ask }: Asked) => {
  answer(ask).then(
    (value) => tell({ type: 'answer', key, value }),
    (error: unknown) => tell({ type: 'error', key, message: String(error) }),
  );
});
tell({ type: 'ready' });
