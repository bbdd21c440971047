// Child process of a search: runs the seeds that it is told, until its parent disconnects.
import { applySabotage } from '../sabotage/apply.ts';
import type { Sabotage } from '../sabotage/sabotage.ts';

const sabotage = JSON.parse(process.argv[2]!) as Sabotage | null;
if (sabotage !== null) await applySabotage(sabotage);
const { runSimulation } = await import('./run.ts');

process.on('message', async (seed: number) => {
  process.send!(await runSimulation(seed));
});
