import { createClient } from '../../src/client/client.ts';
import type { Operation } from '../history/operation.ts';
import { perform } from '../workload/perform.ts';
import type { Workload } from '../workload/workload.ts';
import type { ChaosCluster } from './cluster.ts';
import { machineMs } from './ipc.ts';

/**
 * Reads everything from every member when all have met: nothing is under way then, so each of these
 * reads must see all that was acknowledged, whichever member it asks.
 */
export async function readFinalState(
  cluster: ChaosCluster,
  workload: Workload,
): Promise<Operation[]> {
  const found: Operation[] = [];
  for (const { id, settings } of cluster.members) {
    const client = createClient(settings.url, { attemptsMax: 1 });
    for (const action of workload.finalReads()) {
      const called = machineMs();
      const { outcome, position } = await perform(client, action);
      if (outcome.kind !== 'ok') throw new Error(`${id} cannot be read when nothing happens`);
      const timed = { called, returned: machineMs(), outcome, position };
      found.push({ client: FINAL_CLIENT, action, level: 'strong', ...timed });
    }
    await client.close();
  }
  return found;
}

/** No other client has this number. */
const FINAL_CLIENT = 0;
