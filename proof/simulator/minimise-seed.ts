import { kindsIn, minimise } from './minimise.ts';
import { replayCommand } from './report.ts';
import { runSimulation } from './run.ts';
import type { RunResult } from './run-result.ts';
import { argumentsOf, planOf, type Replayed } from './search.ts';

/** Prints the smallest run found that breaks what the seed breaks, and the command that replays it; false if it does. */
export async function minimiseSeed(replayed: Replayed, runsMax: number): Promise<boolean> {
  const { seed } = replayed;
  const first = await runSimulation(seed, { plan: planOf(replayed) });
  if (first.failure === null) {
    console.log(`seed ${seed} breaks nothing`);
    return true;
  }
  console.log(`VIOLATED ${first.failure.invariant}\n         ${describe(first)}`);
  const { changes, result, runs, complete } = await minimise(
    { changes: replayed.changes, result: first },
    (tried) => runSimulation(seed, { plan: planOf({ ...replayed, changes: tried }) }),
    runsMax,
    ({ result: found }, made) => console.log(`run ${String(made).padStart(4)} ${describe(found)}`),
  );
  const why = complete ? 'nothing more can be left out' : `the budget of ${runsMax} is spent`;
  console.log(`${runs} runs: ${why}\nsmallest: ${describe(result)}`);
  console.log(`its faults: ${kindsIn(result.plan).join(', ') || 'none'}`);
  console.log(result.failure?.message ?? '');
  console.log(`replay: ${replayCommand(seed, argumentsOf({ ...replayed, changes }))}`);
  return false;
}

function describe({ plan, steps, events, operations, endedMs }: RunResult): string {
  const { voters, learners, spares, clients } = plan;
  const members = `${voters} voters, ${learners + spares} others, ${clients} clients`;
  return (
    `${members}, ${kindsIn(plan).length} kinds of fault, ${events} fault events, ` +
    `${operations} operations, ${steps} steps, ${Math.round(endedMs)} ms`
  );
}
