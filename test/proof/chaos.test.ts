import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Report } from '../../proof/chaos/report.ts';
import { FAULT_KINDS } from '../../proof/chaos/schedule.ts';
import { mayBeLost } from '../../src/api/durability.ts';
import { seedOfCode } from './seed-of-code.ts';

const CHAOS = fileURLToPath(new URL('../../proof/chaos/main.js', import.meta.url));
/** Which faults come when, and whom they meet: others after every change of the product. The processes' own timing differs in any case. */
const SEED = process.env.CHAOS_SEED ?? String(seedOfCode());
/** The command that members run: the one built with these tests. */
const CLI = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));

test('two minutes of chaos on three and on five real processes break nothing, and every kind of fault was done', async (t) => {
  t.diagnostic(`npm run chaos -- --minutes 2 --seed ${SEED}`);
  const args = [CHAOS, '--minutes', '2', '--seed', SEED, '--cli', CLI];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  t.after(() => child.kill('SIGTERM'));
  const closed = once(child, 'close');
  const progress: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => progress.push(line));
  const stdout = await text(child.stdout);
  const [status] = await closed;
  assert.match(stdout, /^\{.*\}\n$/, `no report; stderr:\n${progress.join('\n')}`);
  const report: Report = JSON.parse(stdout);
  t.diagnostic(stdout.trimEnd());
  for (const line of progress) if (/NOT DONE/.test(line)) t.diagnostic(line);
  assert.deepEqual(report.violations, [], progress.join('\n'));
  assert.equal(status, 0);
  assert.deepEqual(report.clusters, [3, 5]);
  const undone = FAULT_KINDS.filter((kind) => report.faults[kind] === 0);
  assert.deepEqual(undone, Object.keys(report.skipped), 'every kind was done or is said not to be');
  assert.ok(report.acknowledged > 500, `only ${report.acknowledged} writes were acknowledged`);
  assert.ok(report.failovers_ms.length > 0, 'leaders were replaced');
  const voters = (i: number) => report.clusters[i]!;
  const weak = report.default_durabilities.filter((one, i) => mayBeLost(one, voters(i)));
  assert.equal(weak.length, 1, 'one of the two asks for less than a majority');
});
