import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SABOTAGES } from '../../proof/sabotage/table.ts';
import { runSeeds } from '../../proof/simulator/jobs.ts';
import type { RunResult } from '../../proof/simulator/run-result.ts';

const SEEDS = [500_010, 500_015, 500_016];

async function hashes(jobs: number): Promise<Map<number, string>> {
  const found = new Map<number, string>();
  await runSeeds(SEEDS.values(), { jobs, sabotage: null }, ({ seed, hash }) => {
    found.set(seed, hash);
    return true;
  });
  return new Map(SEEDS.map((seed) => [seed, found.get(seed)!]));
}

test('seeds that run in several processes come to the same as in one', async () => {
  assert.deepEqual(await hashes(2), await hashes(1));
});

test('the processes of a search break the same rule, and end with its first failure', async () => {
  const sabotage = SABOTAGES.find(({ name }) => name === 'answer before the commit index moves')!;
  const results: RunResult[] = [];
  await runSeeds(SEEDS.values(), { jobs: 2, sabotage }, (result) => {
    results.push(result);
    return result.failure === null;
  });
  assert.ok(results.some(({ failure }) => failure?.invariant.startsWith('I4')));
});
