import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inRounds, UNCOUNTED_SECONDS } from '../../bench/rounds.ts';

const cells = ['one', 'another'].map((system) => ({ system, concurrency: 1 }));

test('cells take turns in each round, after a round that does not count', async () => {
  const turns: string[] = [];
  const results = await inRounds('test', cells, { rounds: 2, seconds: 7 }, async (cell, turn) => {
    turns.push(`${cell.system} ${turn.seconds}`);
    return turns.length;
  });
  assert.deepEqual(turns, [
    ...[`one ${UNCOUNTED_SECONDS}`, `another ${UNCOUNTED_SECONDS}`],
    ...['one 7', 'another 7', 'one 7', 'another 7'],
  ]);
  assert.deepEqual(
    [...results.values()],
    [
      [3, 5],
      [4, 6],
    ],
  );
});

test('each turn has a table of its own', async () => {
  const tables: string[] = [];
  await inRounds('test', cells, { rounds: 3, seconds: 1 }, async (_, { table }) => {
    tables.push(table);
  });
  assert.equal(tables.length, 8);
  assert.equal(new Set(tables).size, 8);
});
