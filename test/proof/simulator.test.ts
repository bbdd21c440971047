import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { CALL_KINDS } from '../../proof/simulator/calls-done.ts';
import { FAULT_KINDS } from '../../proof/simulator/plan.ts';
import { Tally } from '../../proof/simulator/report.ts';
import { runSimulation } from '../../proof/simulator/run.ts';
import type { RunResult } from '../../proof/simulator/run-result.ts';
import { SEEDS } from '../../proof/simulator/seeds.ts';
import { seedOfCode } from './seed-of-code.ts';

/** Beside the seeds of the list, these are run each time. */
const FIXED_FROM = 500_000;
const FIXED_RUNS = 60;
/** And for so long others, which change with the code. */
const FRESH_MS = 60_000;

async function mustHold(seed: number): Promise<RunResult> {
  const result = await runSimulation(seed);
  const { failure } = result;
  if (failure === null) return result;
  const how = `replay: npm run simulate -- --seed ${seed}`;
  assert.fail(`${failure.message}\n${failure.lines.slice(-20).join('\n')}\n${how}`);
}

async function runAll(t: TestContext, seeds: Iterable<number>): Promise<Tally> {
  const tally = new Tally();
  for (const seed of seeds) tally.add(await mustHold(seed));
  for (const line of tally.summary().split('\n')) t.diagnostic(line);
  return tally;
}

test('every invariant holds for the seeds that once failed', async (t) => {
  await runAll(
    t,
    SEEDS.map(({ seed }) => seed),
  );
});

test('every invariant holds for further seeds, in which each kind of fault and of call happens', async (t) => {
  const seeds = Array.from({ length: FIXED_RUNS }, (_, i) => FIXED_FROM + i);
  const { entries, operations, kinds, faults, calls } = await runAll(t, seeds);
  assert.ok(entries > 0 && operations > 0, 'a simulator that does nothing shows');
  assert.ok(kinds.sqlite.memberSeconds > 0, 'some of it was on real SQLite');
  const missing = FAULT_KINDS.filter((kind) => (faults.get(kind) ?? 0) === 0);
  assert.deepEqual(missing, []);
  const uncalled = CALL_KINDS.filter((kind) => (calls.get(kind) ?? 0) === 0);
  assert.deepEqual(uncalled, []);
});

function* untilTimeIsUp(first: number): Generator<number> {
  const endMs = performance.now() + FRESH_MS;
  for (let i = 0; performance.now() < endMs; i++) yield (first + i) >>> 0;
}

test('every invariant holds for seeds that were never run before', async (t) => {
  const first = seedOfCode();
  t.diagnostic(`seeds from ${first}`);
  const { runs } = await runAll(t, untilTimeIsUp(first));
  assert.ok(runs > 0);
});

for (const seed of [3, 13])
  test(`the same seed gives the same trace, another seed another one: ${seed}`, async () => {
    const [one, again, other] = [
      await runSimulation(seed),
      await runSimulation(seed),
      await runSimulation(seed + 1),
    ];
    assert.equal(one.plan.realSqlite, seed === 13);
    assert.deepEqual([again.hash, again.steps], [one.hash, one.steps]);
    assert.notEqual(other.hash, one.hash);
  });

/** Of the runs of this process. */
function directories(): string[] {
  return ['/dev/shm', tmpdir()].filter(existsSync).flatMap((parent) =>
    readdirSync(parent)
      .filter((name) => name.startsWith(`paceline-simulator-${process.pid}-`))
      .flatMap((name) => readdirSync(join(parent, name))),
  );
}

test('a run on real SQLite leaves no files', async () => {
  await runSimulation(13);
  assert.deepEqual(directories(), []);
});
