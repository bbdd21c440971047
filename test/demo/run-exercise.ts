import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

/** The command that members run: the one built with these tests. */
const CLI = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
export const DEMO = fileURLToPath(new URL('../../demo/main.js', import.meta.url));
/** Enough for several batches of the import. */
export const ROWS = 2_500;

export function makeDirectory(): string {
  return mkdtempSync(join(tmpdir(), 'paceline-demo-test-'));
}

/** Starts the demo, or another script that takes its arguments, with its data in `dir`. */
export function startDemo(script: string, dir: string, ...more: string[]): ChildProcess {
  const args = ['--rows', String(ROWS), '--cli', CLI, '--dir', join(dir, 'data'), ...more];
  return spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
}

export interface Exercised {
  readonly status: number | null;
  /** The last line of stdout, parsed. */
  readonly report: Record<string, unknown>;
  readonly stderr: string;
}

/** Runs an exercise with one kill to its end. */
export async function runExercise(script: string, dir: string): Promise<Exercised> {
  const child = startDemo(script, dir, '--exercise', '--kills', '1');
  const closed = once(child, 'close');
  const [stdout, stderr] = await Promise.all([text(child.stdout!), text(child.stderr!)]);
  const [status] = await closed;
  const last = stdout.trimEnd().split('\n').at(-1) ?? '';
  assert.match(last, /^\{.*\}$/, `no report; stderr:\n${stderr}`);
  return { status, report: JSON.parse(last), stderr };
}
