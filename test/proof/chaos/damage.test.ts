import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { ChaosCluster } from '../../../proof/chaos/cluster.ts';
import type { Sabotage } from '../../../proof/chaos/cluster-run.ts';
import type { Report } from '../../../proof/chaos/report.ts';
import { runChaos } from '../../../proof/chaos/run.ts';
import type { Operation } from '../../../proof/history/operation.ts';
import { createClient } from '../../../src/client/client.ts';
import { scribble } from '../../cluster/damage.ts';
import { databaseOf } from '../../cluster/files.ts';

const CLI = fileURLToPath(new URL('../../../src/cli/main.js', import.meta.url));
const SEED = 5;

/** A short run on three members, of which one is killed. */
async function shortRun(t: TestContext, sabotage: Sabotage): Promise<Report> {
  const report = await runChaos({
    ...{ seed: SEED, minutes: 0, clusters: [3], kinds: ['kill-leader'], cli: CLI, sabotage },
    say: () => {},
  });
  t.after(() => {
    if (report.kept !== null) rmSync(report.kept, { recursive: true });
  });
  return report;
}

function reported({ violations }: Report, ...patterns: readonly RegExp[]): void {
  for (const pattern of patterns)
    assert.ok(
      violations.some((violation) => pattern.test(violation)),
      `${pattern} is not in\n${violations.join('\n')}`,
    );
}

async function deleteAppend({ members }: ChaosCluster): Promise<void> {
  const client = createClient(members.map(({ settings }) => settings.url));
  const { changes } = await client.execute('DELETE FROM list WHERE n = 3');
  await client.close();
  assert.equal(changes, 1);
}

async function repeatAppend({ members }: ChaosCluster): Promise<void> {
  const client = createClient(members.map(({ settings }) => settings.url));
  const again = 'INSERT INTO list(key, value) SELECT key, value FROM list WHERE n = 5';
  const { changes } = await client.execute(again);
  await client.close();
  assert.equal(changes, 1);
}

/** A read at level `strong`, after everything, of a value that another acknowledged write replaced. */
function addStaleRead(history: readonly Operation[]): Operation[] {
  const stale = history.find((write) => history.some((later) => replaces(later, write)));
  assert.ok(stale?.action.kind === 'write', 'a register was written twice');
  const { key, value } = stale.action;
  const called = Math.max(...history.map((operation) => operation.returned ?? operation.called));
  const read: Operation = {
    ...{ client: 1_000_000, called, returned: called + 1, level: 'strong', position: null },
    action: { kind: 'read', key },
    outcome: { kind: 'ok', observed: value },
  };
  return [...history, read];
}

function replaces(later: Operation, earlier: Operation): boolean {
  const [mine, theirs] = [later.action, earlier.action];
  if (mine.kind !== 'write' || theirs.kind !== 'write' || mine.key !== theirs.key) return false;
  if (later.outcome.kind !== 'ok' || earlier.returned === null) return false;
  return later.called > earlier.returned;
}

/** One part belongs to nobody, and one row has lost a part. */
async function breakBallast({ members }: ChaosCluster): Promise<void> {
  const client = createClient(members.map(({ settings }) => settings.url));
  await client.batch([
    { sql: 'PRAGMA foreign_keys=off' },
    { sql: 'INSERT INTO ballast_part(whole) VALUES (-1)' },
    { sql: "INSERT INTO ballast(n, bytes) VALUES (-2, x'00')" },
    {
      sql: 'DELETE FROM ballast_part WHERE n = (SELECT max(n) FROM ballast_part WHERE whole = -2)',
    },
  ]);
  await client.close();
}

test('writes that are gone, or there twice, and rows that lost each other, are reported', async (t) => {
  const report = await shortRun(t, {
    members: async (cluster) => {
      await deleteAppend(cluster);
      await repeatAppend(cluster);
      await breakBallast(cluster);
    },
  });
  reported(report, /I4: an acknowledged write is lost/, /I9: a write is there 2 times/);
  reported(report, /foreign_key_check: .*ballast_part/, /ballast without its parts: .*-2/);
  assert.equal(report.faults['kill-leader'], 1);
});

test('a strong read of an old value is reported', async (t) => {
  reported(await shortRun(t, { history: addStaleRead }), /linearizable \(register/);
});

test('a page of a member that changed, and files that were left, are reported', async (t) => {
  const report = await shortRun(t, {
    files: (cluster) => {
      const [first, second] = cluster.members;
      scribble(databaseOf(first!.settings.dir), 4096 + 3000, 900);
      writeFileSync(join(second!.settings.dir, 'log', 'base.tmp'), 'left');
      writeFileSync(join(cluster.temporary, 'etilqs_1'), 'left');
    },
  });
  reported(report, /files differ/, /b left the file log\/base\.tmp/, /temporary file etilqs_1/);
});

test('a member that dies by itself is reported', async (t) => {
  const report = await shortRun(t, {
    load: (cluster) => process.kill(cluster.member('b').pid!, 'SIGKILL'),
  });
  reported(report, /member b died by itself/);
});
