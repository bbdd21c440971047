import assert from 'node:assert/strict';
import { test } from 'node:test';
import { knownSeeds } from '../../proof/sabotage/known-seeds.ts';
import { line } from '../../proof/sabotage/report.ts';
import { tryAll } from '../../proof/sabotage/run.ts';
import type { Sabotage } from '../../proof/sabotage/sabotage.ts';
import { SABOTAGES } from '../../proof/sabotage/table.ts';

const HARMLESS: Sabotage = {
  name: 'change nothing',
  file: 'src/raft/commit.js',
  find: 'state.commit = index;',
  replace: 'state.commit = 0 + index;',
  breaks: ['I3'],
  seedsMax: 2,
};

/** Seeds are the same in every run: what was noticed once is noticed always. */
const FIRST_SEED = 1;

test('the simulator notices every broken rule, and names what it breaks', async () => {
  const outcomes = await tryAll(SABOTAGES, { firstSeed: FIRST_SEED, known: knownSeeds() });
  const escaped = outcomes.filter(({ named }) => !named);
  assert.deepEqual(escaped.map(line), []);
  assert.ok(outcomes.length >= 18, `${outcomes.length} were tried`);
});

test('a change that breaks nothing escapes', async () => {
  const [outcome] = await tryAll([HARMLESS], { firstSeed: FIRST_SEED });
  assert.deepEqual(outcome, {
    sabotage: HARMLESS,
    caught: null,
    seeds: 2,
    named: false,
    trouble: null,
  });
});

test('a known seed that does not notice any more is followed by the search', async () => {
  const early = SABOTAGES.find(({ name }) => name === 'answer before the commit index moves')!;
  const calm = { ...early, faults: [], pace: { clients: 0, faultsMs: 0 } };
  const known = new Map([[early.name, 0]]);
  const [outcome] = await tryAll([calm], { firstSeed: FIRST_SEED, known });
  assert.deepEqual(outcome?.seeds, calm.seedsMax);
});

test('a sabotage whose line is not there any more is no success', async () => {
  const [outcome] = await tryAll([{ ...HARMLESS, find: 'no such line' }], {
    firstSeed: FIRST_SEED,
  });
  assert.equal(outcome?.named, false);
  assert.match(outcome.trouble ?? '', /"no such line" is there 0 times/);
});

test('a violation by another name than the expected one is no success', async () => {
  const early = SABOTAGES.find(({ name }) => name === 'answer before the commit index moves');
  const [outcome] = await tryAll([{ ...early!, breaks: ['I9'] }], { firstSeed: FIRST_SEED });
  assert.equal(outcome?.caught?.invariant.startsWith('I4'), true);
  assert.equal(outcome?.named, false);
});
