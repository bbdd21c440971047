import { isRead } from '../history/operation.ts';
import { askFates } from './application-client.ts';
import type { ChaosCluster } from './cluster.ts';
import type { Fate } from './ipc.ts';
import { LIMITS } from './limits.ts';
import type { Told } from './told.ts';

/** Asks the members' applications, by turns, for what became of each write that has an id. Only when nothing is under way. */
export async function readFates(
  cluster: ChaosCluster,
  told: readonly Told[],
): Promise<Map<string, Fate>> {
  const doors = cluster.ids.flatMap((id) => cluster.applicationOf(id) ?? []);
  const questions = told.flatMap(({ id, action }) =>
    id === null || isRead(action) ? [] : [{ id, action }],
  );
  const fates = new Map<string, Fate>();
  for (let i = 0, turn = 0; i < questions.length; i += LIMITS.questionsAtOnce, turn++) {
    const some = questions.slice(i, i + LIMITS.questionsAtOnce);
    const answers = await askFates(doors[turn % doors.length]!, some);
    for (const [k, { id }] of some.entries()) fates.set(id, answers[k]!);
  }
  return fates;
}
