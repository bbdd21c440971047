import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { kindsIn, minimise, type Tried } from '../../proof/simulator/minimise.ts';
import { FAULT_KINDS, makePlan, type Plan } from '../../proof/simulator/plan.ts';
import { changePlan, type PlanChanges, toArguments } from '../../proof/simulator/plan-changes.ts';

const BIG: Plan = {
  ...makePlan(1),
  ...{ voters: 5, learners: 1, spares: 1, clients: 6, faultsMs: 40_000 },
  faults: new Set(FAULT_KINDS),
};

/** A run whose outcome a rule decides. */
function runOf(plan: Plan, breaks: (plan: Plan, events: number) => string | null): Tried {
  const events = Math.min(20, plan.eventsMax ?? 20);
  const invariant = breaks(plan, events);
  const faults = new Map(kindsIn(plan).map((kind) => [kind, 1]));
  const failure = invariant === null ? null : { invariant };
  return { plan, faults, events, endedMs: Math.min(9000, plan.faultsMs), failure };
}

function needsMuch(plan: Plan, events: number): string | null {
  const kinds = new Set(kindsIn(plan));
  const enough = plan.voters >= 3 && plan.clients >= 2 && events >= 4 && plan.faultsMs >= 2000;
  return enough && kinds.has('kill') && kinds.has('one-way') ? 'I4 something' : null;
}

async function minimiseBy(breaks: typeof needsMuch, runsMax = 1000, changes: PlanChanges = {}) {
  const run = async (tried: PlanChanges) => runOf(changePlan(BIG, tried), breaks);
  return minimise({ changes, result: await run(changes) }, run, runsMax);
}

test('everything is left out that a violation does not need', async () => {
  const { result, complete } = await minimiseBy(needsMuch);
  const { voters, learners, spares, clients, faultsMs } = result.plan;
  assert.deepEqual(kindsIn(result.plan), ['one-way', 'kill']);
  assert.deepEqual([voters, learners, spares, clients, result.events], [3, 0, 0, 2, 4]);
  assert.ok(faultsMs < 4000, `${faultsMs} ms`);
  assert.ok(complete);
});

test('what breaks another invariant is not taken for the same', async () => {
  const { result } = await minimiseBy((plan, events) =>
    plan.voters === 5 ? needsMuch(plan, events) : 'I7 another',
  );
  assert.equal(result.plan.voters, 5);
  assert.equal(result.failure?.invariant, 'I4 something');
});

test('no more runs are made than the budget has', async () => {
  const { runs, complete } = await minimiseBy(needsMuch, 5);
  assert.deepEqual([runs, complete], [5, false]);
});

test('what was left out before stays left out', async () => {
  const { changes } = await minimiseBy(needsMuch, 1000, { without: ['lose'], members: 3 });
  assert.equal(changes.members, 3);
  assert.ok(changes.without?.includes('lose'));
});

test('changes of a plan can be said on the command line', () => {
  const changes: PlanChanges = { members: 3, without: ['kill', 'lose'], events: 0, until: 77 };
  assert.equal(toArguments(changes), '--members 3 --without kill,lose --events 0 --until 77');
  assert.equal(toArguments({ without: [] }), '');
});

const MAIN = fileURLToPath(new URL('../../proof/simulator/main.js', import.meta.url));

/** What the command says; it must end with status 1, as after a violation. */
async function violationOf(args: readonly string[]): Promise<string> {
  const failed = await promisify(execFile)(process.execPath, [MAIN, ...args]).then(
    ({ stdout }) => assert.fail(`nothing was violated: ${stdout}`),
    (error: { code: unknown; stdout: string; stderr: string }) => error,
  );
  assert.equal(failed.code, 1, failed.stderr);
  return failed.stdout;
}

test('a run of a sabotaged product is made smaller, and the command printed replays it', async () => {
  const sabotage = ['--sabotage', 'vote twice in a term'];
  const said = await violationOf(['--seed', '3', ...sabotage, '--minimise', '--budget', '25']);
  const steps = [...said.matchAll(/ (\d+) steps/g)].map(([, count]) => Number(count));
  assert.ok(steps.at(-1)! < steps[0]!, said);
  const replay = /^replay: npm run simulate -- (.*) --sabotage/m.exec(said)?.[1] ?? '';
  assert.ok(replay.includes('--without '), said);
  const again = await violationOf([...replay.split(' '), ...sabotage, '--quiet']);
  const [invariant] = /^VIOLATED .*/m.exec(said) ?? [];
  assert.ok(invariant !== undefined && again.includes(invariant), again);
});
