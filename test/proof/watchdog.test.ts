import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { Watchdog } from './watchdog.ts';

const WATCHDOG = new URL('./watchdog.js', import.meta.url).href;

/** Else a watchdog that does not bite would keep this test for ever. */
const RUN_MS_MAX = 60_000;

/** A process with a watchdog that bites early. */
function run(msMax: number, work: string) {
  const program = `import { Watchdog } from ${JSON.stringify(WATCHDOG)};
    const dog = new Watchdog(${msMax});
    ${work}`;
  const args = ['--input-type=module', '--eval', program];
  return spawnSync(process.execPath, args, { encoding: 'utf8', timeout: RUN_MS_MAX });
}

test('work that goes in a circle ends the process, which tells its name and its input', () => {
  const circle = "dog.watch('a decoder', Uint8Array.of(1, 2, 255), () => { for (;;); });";
  const { signal, stderr } = run(400, circle);
  assert.equal(signal, 'SIGKILL');
  assert.match(stderr, /^a decoder does not come to an end within 400 ms with 3 bytes: 0102ff\n/);
});

test('many pieces of work that end may take longer together, and so may what lies between them', () => {
  const work = `const end = performance.now() + 1500;
    let pieces = 0;
    while (performance.now() < end) dog.watch('short', new Uint8Array(), () => { pieces++; });
    while (performance.now() < end + 1500);
    console.log(pieces > 0);`;
  const { status, stdout, stderr } = run(1000, work);
  assert.deepEqual([status, stdout, stderr], [0, 'true\n', '']);
});

test('what the work gives or throws comes through', () => {
  const dog = new Watchdog(60_000);
  assert.equal(
    dog.watch('it', new Uint8Array(200_000), () => 7),
    7,
  );
  const work = () => {
    throw new RangeError('no');
  };
  assert.throws(() => dog.watch('it', new Uint8Array(), work), RangeError);
});
