import type { BenchOptions } from './options.ts';
import { progress } from './report.ts';

/**
 * Length of a cell in the round that is not counted, whatever is asked for. A member is at its full speed after some thousands of
 * entries, when the code for each is compiled in all its threads; at a few hundred entries a second that takes all the cells.
 */
export const UNCOUNTED_SECONDS = 3;

/** What is measured once in every round. */
export interface Cell {
  readonly system: string;
  readonly concurrency: number;
}

/** One cell's turn in one round. */
export interface Turn {
  /** A new table for each turn: all begin with as many rows and pages. */
  readonly table: string;
  readonly seconds: number;
}

/** What each cell came to in each round; a first round is run and not counted. They take turns, because a disk's speed drifts. */
export async function inRounds<R>(
  workload: string,
  cells: readonly Cell[],
  { rounds, seconds }: Pick<BenchOptions, 'rounds' | 'seconds'>,
  measure: (cell: Cell, turn: Turn) => Promise<R>,
): Promise<ReadonlyMap<Cell, readonly R[]>> {
  const results = new Map<Cell, R[]>(cells.map((cell) => [cell, []]));
  for (let round = 0; round <= rounds; round++)
    for (const [i, cell] of cells.entries()) {
      const counted = round > 0;
      const which = counted ? `round ${round}` : 'a round that is not counted';
      progress(`${workload}, ${which}: ${cell.system}, concurrency ${cell.concurrency}`);
      const result = await measure(cell, {
        table: `t_${round}_${i}`,
        seconds: counted ? seconds : UNCOUNTED_SECONDS,
      });
      if (counted) results.get(cell)?.push(result);
    }
  return results;
}
