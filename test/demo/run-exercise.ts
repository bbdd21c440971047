import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
export function startDemo(
  script: string,
  dir: string,
  more: readonly string[] = [],
  output: 'pipe' | number = 'pipe',
): ChildProcess {
  const args = ['--rows', String(ROWS), '--cli', CLI, '--dir', join(dir, 'data'), ...more];
  return spawn(process.execPath, [script, ...args], { stdio: ['ignore', output, output] });
}

export interface Exercised {
  readonly status: number | null;
  /** The last line, parsed. */
  readonly report: Record<string, unknown>;
  /** All that was written to stdout and stderr. */
  readonly output: string;
}

/** Runs an exercise with one kill to its end. */
export async function runExercise(script: string, dir: string): Promise<Exercised> {
  const path = join(dir, 'output');
  const fd = openSync(path, 'w');
  const child = startDemo(script, dir, ['--exercise', '--kills', '1'], fd);
  closeSync(fd);
  const [status] = await once(child, 'close');
  const output = readFileSync(path, 'utf8');
  const last = output.trimEnd().split('\n').at(-1) ?? '';
  assert.match(last, /^\{.*\}$/, `no report:\n${output}`);
  return { status, report: JSON.parse(last), output };
}
