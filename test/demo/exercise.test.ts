import assert from 'node:assert/strict';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { DEMO, makeDirectory, ROWS, runExercise } from './run-exercise.ts';

const DAMAGING = fileURLToPath(new URL('./damaging-exercise.js', import.meta.url));

let dir: string;

beforeEach(() => {
  dir = makeDirectory();
});

afterEach(() => {
  rmSync(dir, { recursive: true, maxRetries: 5 });
});

test('the exercise kills the leader, finds every acknowledged write on identical members, and passes', async () => {
  const { status, report, output } = await runExercise(DEMO, dir);
  const { acknowledged, failovers_ms, rows, ...found } = report;
  assert.deepEqual(found, { lost: 0, duplicated: 0, identical: true }, output);
  assert.equal(status, 0, output);
  assert.ok(Array.isArray(failovers_ms) && failovers_ms.length === 1, output);
  assert.ok(Number(acknowledged) > 0 && Number(rows) > ROWS, output);
  assert.ok(existsSync(join(dir, 'data', 'a', 'db', 'main.db')), 'the data directory stays');
});

test('a write that is gone and one that is there twice are reported, and the exercise fails', async () => {
  const { status, report, output } = await runExercise(DAMAGING, dir);
  const { lost, duplicated, identical } = report;
  assert.deepEqual(
    { lost, duplicated, identical },
    { lost: 1, duplicated: 1, identical: true },
    output,
  );
  assert.equal(status, 1, output);
});
