import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Sabotage } from '../sabotage/sabotage.ts';
import { runSimulation } from './run.ts';
import type { RunResult } from './run-result.ts';

export interface Jobs {
  /** So many runs at a time, each in a process of its own; 1: in this one. */
  readonly jobs: number;
  /** What those processes are to break. This one has done so itself. */
  readonly sabotage: Sabotage | null;
}

/** Runs one seed after the other until `onResult` returns false. In several processes the results come in any order. */
export async function runSeeds(
  seeds: Iterator<number>,
  { jobs, sabotage }: Jobs,
  onResult: (result: RunResult) => boolean,
): Promise<void> {
  let over = false;
  const work = async (run: (seed: number) => Promise<RunResult>) => {
    for (let next = seeds.next(); next.done !== true && !over; next = seeds.next())
      if (!onResult(await run(next.value))) over = true;
  };
  if (jobs === 1) return work((seed) => runSimulation(seed));
  const processes = Array.from({ length: jobs }, () => new SeedProcess(sabotage));
  try {
    await Promise.all(processes.map((one) => work((seed) => one.run(seed))));
  } finally {
    for (const one of processes) one.end();
  }
}

/** A child that runs seeds, one at a time. */
class SeedProcess {
  readonly #child: ChildProcess;

  constructor(sabotage: Sabotage | null) {
    const file = fileURLToPath(new URL('./seed-process.js', import.meta.url));
    this.#child = fork(file, [JSON.stringify(sabotage)], { serialization: 'advanced' });
  }

  run(seed: number): Promise<RunResult> {
    const child = this.#child;
    return new Promise((resolve, reject) => {
      const ended = (status: number | null, signal: string | null) =>
        reject(new Error(`the process that ran seed ${seed} ended with ${signal ?? status}`));
      child.once('exit', ended);
      child.once('message', (result) => {
        child.off('exit', ended);
        resolve(result as RunResult);
      });
      child.send(seed);
    });
  }

  end(): void {
    if (this.#child.connected) this.#child.disconnect();
  }
}
