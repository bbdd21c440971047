import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { scratch } from './scratch.ts';

const INDEX = new URL('../../src/index.js', import.meta.url).href;
/** Of the whole process, or of modules: Node treats both in their own way when it starts a thread. */
const FLAGS = ['--max-old-space-size=300', '--no-warnings', '--conditions', 'paceline-test'];

/** A program that opens a member, which takes several threads, and closes it. */
function program(): string {
  const options = JSON.stringify({ dir: join(scratch('flags'), 'a'), id: 'a' });
  return `
    import { open } from ${JSON.stringify(INDEX)};
    const db = await open(${options});
    console.log((await db.query('SELECT 7')).rows[0][0]);
    await db.close();`;
}

function run(args: readonly string[], input = ''): string {
  const { stdout, stderr } = spawnSync(process.execPath, args, { input, encoding: 'utf8' });
  return stdout + stderr;
}

test('a member opens in a process with flags of the whole process', () => {
  const file = join(scratch('flags'), 'app.mjs');
  writeFileSync(file, program());
  assert.equal(run([...FLAGS, file]), '7\n');
});

test('a member opens in a program given on the command line or on standard input', () => {
  const module = [...FLAGS, '--input-type=module'];
  assert.equal(run([...module, '--eval', program()]), '7\n');
  assert.equal(run(module, program()), '7\n');
});

test('a thread of a program given on the command line loads what the process was told to load', () => {
  const loaded = join(scratch('flags'), 'loaded.mjs');
  writeFileSync(
    loaded,
    `import { isMainThread } from 'node:worker_threads';
     if (!isMainThread) process.stdout.write('thread ');`,
  );
  const given = ['--input-type', 'module', '--import', loaded, '--eval', program()];
  assert.match(run(given), /thread/);
});
