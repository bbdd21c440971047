/**
 * The demo with damage done behind its back before it verifies: one acknowledged write undone,
 * another one done twice.
 */

import type { Cluster } from '../../demo/cluster.ts';
import { runDemo } from '../../demo/run-demo.ts';
import { createClient } from '../../src/client/client.ts';

async function beforeVerification({ members }: Cluster): Promise<void> {
  const client = createClient(members.map(({ settings }) => settings.url));
  const { rows } = await client.query('SELECT writer FROM visits WHERE number = 2 LIMIT 1');
  const writer = rows[0]![0]!;
  await client.execute('DELETE FROM visits WHERE writer = ? AND number = 1', [writer]);
  await client.execute(
    `INSERT INTO visits(writer, number, city)
     SELECT writer, number, city FROM visits WHERE writer = ? AND number = 2`,
    [writer],
  );
}

process.exit(await runDemo(process.argv.slice(2), { beforeVerification }));
