import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { judge } from '../../proof/history/check.ts';
import { type Action, isRead, type Operation } from '../../proof/history/operation.ts';
import { Recorder } from '../../proof/history/recorder.ts';
import { perform } from '../../proof/workload/perform.ts';
import { outcomeOfError } from '../../proof/workload/statements.ts';
import { Workload } from '../../proof/workload/workload.ts';
import { PacelineError } from '../../src/base/errors.ts';
import { PlainDatabase } from '../server/plain-database.ts';
import { append, balances, cas, list, read, transfer, write } from './notation.ts';

const BANK = { accounts: 3, balance: 10 };
const open: PlainDatabase[] = [];

after(async () => {
  for (const database of open) await database.close();
});

async function databaseFor(workload: Workload): Promise<PlainDatabase> {
  const database = new PlainDatabase();
  open.push(database);
  await database.batch(workload.schema());
  return database;
}

async function observedOf(database: PlainDatabase, action: Action): Promise<unknown> {
  const { outcome } = await perform(database, action);
  return outcome.kind === 'ok' ? outcome.observed : outcome.kind;
}

test('each action does in SQL what it says', async () => {
  const database = await databaseFor(new Workload(1, BANK));
  const steps: [Action, unknown][] = [
    [read(), null],
    [cas(1, 2), false],
    [write(1), null],
    [cas(1, 2), true],
    [cas(1, 3), false],
    [read(), 2],
    [list(), []],
    [append(7), null],
    [append(8, 1), null],
    [append(9), null],
    [list(), [7, 9]],
    [balances, [10, 10, 10]],
    [transfer(0, 1, 6), true],
    [transfer(0, 2, 5), false],
    [transfer(1, 2, 16), true],
    [balances, [4, 0, 26]],
  ];
  for (const [action, expected] of steps)
    assert.deepEqual(await observedOf(database, action), expected, JSON.stringify(action));
});

test('a refused transfer changes neither account', async () => {
  const database = await databaseFor(new Workload(1, { ...BANK, kinds: ['bank'] }));
  await observedOf(database, transfer(0, 1, 11));
  assert.deepEqual(await observedOf(database, balances), [10, 10, 10]);
});

test('what clients do on one plain database is judged right, and all of it is judged', async () => {
  const workload = new Workload(5, { ...BANK, actionsPerObject: 40 });
  const database = await databaseFor(workload);
  const recorder = new Recorder();
  let now = 0;
  async function client(number: number): Promise<void> {
    for (let i = 0; i < 100; i++) await run(number, workload.next());
  }
  async function run(number: number, action: Action): Promise<Operation> {
    const pending = recorder.called(number, action, isRead(action) ? 'strong' : null, now++);
    const { outcome, position } = await perform(database, action);
    workload.saw(action, outcome);
    return recorder.returned(pending, outcome, position, now++);
  }
  await Promise.all([1, 2, 3, 4, 5].map(client));
  const history = recorder.history();
  const final: Operation[] = [];
  for (const action of workload.finalReads()) final.push(await run(0, action));
  const { findings, undecided, ordered } = judge(history, final, { bank: BANK });
  assert.deepEqual({ findings, undecided }, { findings: [], undecided: [] });
  assert.equal(ordered, 500 + final.length);
  assert.ok(workload.finalReads().length >= 9);
});

test('the same seed asks for the same actions, all values different', () => {
  const actions = (seed: number) => {
    const workload = new Workload(seed);
    return Array.from({ length: 2000 }, () => workload.next());
  };
  assert.deepEqual(actions(3), actions(3));
  assert.notDeepEqual(actions(3), actions(4));
  const values = actions(3).flatMap((action) => ('value' in action ? [action.value] : []));
  assert.equal(new Set(values).size, values.length);
});

test('objects give way to new ones, so that no history grows long', () => {
  const workload = new Workload(3, { actionsPerObject: 50 });
  const counts = new Map<string, number>();
  for (let i = 0; i < 3000; i++) {
    const action = workload.next();
    const object = 'bank' in action ? `bank ${action.bank}` : `${action.kind} ${action.key}`;
    counts.set(object, (counts.get(object) ?? 0) + 1);
  }
  assert.ok(Math.max(...counts.values()) <= 50);
});

test('an error says whether a write may have happened', () => {
  const kindOf = (action: Action, error: PacelineError) => outcomeOfError(action, error).kind;
  assert.equal(kindOf(write(1), new PacelineError('NO_LEADER', '')), 'rejected');
  assert.equal(kindOf(write(1), new PacelineError('OUTCOME_UNKNOWN', '')), 'unknown');
  assert.equal(kindOf(write(1), new PacelineError('IO', '')), 'unknown');
  assert.equal(kindOf(read(), new PacelineError('IO', '')), 'rejected');
  assert.equal(kindOf(transfer(0, 1, 1), new PacelineError('SQL', '')), 'rejected');
});
