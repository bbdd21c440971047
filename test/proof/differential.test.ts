/**
 * The same seeded SQL on plain SQLite and on a cluster that loses its leader meanwhile: same answers, same contents. What is compared at
 * the end, and why, is said in proof/differential/content.ts. Longer, or one seed again: npm run differential -- --help
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { compareContents, contentOf } from '../../proof/differential/content.ts';
import { Coverage } from '../../proof/differential/coverage.ts';
import { DISTURBANCES } from '../../proof/differential/disturbances.ts';
import { runSeed } from '../../proof/differential/run.ts';
import { DatabaseSync } from '../../src/sqlite/binding.ts';
import { scratch } from '../cluster/fixture.ts';
import { seedOfCode } from './seed-of-code.ts';

/** Always the same, so that what they cover is known. */
const SEEDS = [1, 2, 3];
const STEPS = 560;
const coverage = new Coverage();

function run(t: TestContext, seed: number): Promise<Coverage> {
  return runSeed(t, { seed, steps: STEPS, disturbances: DISTURBANCES.length, trace: () => {} });
}

for (const seed of SEEDS)
  test(`seed ${seed} gives the same on plain SQLite and on three members`, async (t) => {
    coverage.add(await run(t, seed));
  });

test('every feature did what it is there for, every way was gone, and every disturbance happened', (t) => {
  for (const line of coverage.lines()) t.diagnostic(line);
  assert.deepEqual(coverage.missing(), []);
  assert.deepEqual(coverage.missingWays(), []);
  assert.equal(coverage.disturbances().size, DISTURBANCES.length);
});

test('a seed that is another after every change of the product does so, too', async (t) => {
  const seed = seedOfCode();
  t.diagnostic(
    `npm run differential -- --seed ${seed} --steps ${STEPS} --disturbances ${DISTURBANCES.length}`,
  );
  await run(t, seed);
});

test('a comparison of contents sees a row, a type, a rowid, an index, and the order in which a b-tree was filled', (t) => {
  const dir = scratch(t);
  const make = (name: string, ...sql: string[]) => {
    const db = new DatabaseSync(`${dir}/${name}`);
    for (const one of [
      'CREATE TABLE t(a, b)',
      'CREATE INDEX i ON t(a)',
      "INSERT INTO t VALUES (1, 'x')",
      ...sql,
    ])
      db.exec(one);
    db.close();
    return contentOf(`${dir}/${name}`);
  };
  const plain = make('plain');
  assert.deepEqual(compareContents(plain, make('same')), []);
  const others = [
    "INSERT INTO t VALUES (2, 'y')",
    'UPDATE t SET a = 1.0',
    'UPDATE t SET rowid = 9',
    'DROP INDEX i',
    'PRAGMA user_version = 3',
    'UPDATE t SET b = zeroblob(9000)',
  ];
  for (const [i, sql] of others.entries())
    assert.notDeepEqual(compareContents(plain, make(`other${i}`, sql)), [], sql);
});
