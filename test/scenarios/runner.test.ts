import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Interpreter } from './commands.ts';
import { formatScript, parseScript } from './script.ts';

/** The sources, not the build; tests are started at the root of the project. */
const FOLDER = join(process.cwd(), 'test', 'scenarios');
/** REWRITE=1 writes what happens as what is expected: read the difference before you keep it. */
const REWRITE = process.env.REWRITE === '1';

const names = readdirSync(FOLDER).filter((name) => name.endsWith('.txt'));

test('there are scenarios', () => {
  assert.ok(names.length >= 15, `only ${names.length} scenarios in ${FOLDER}`);
});

for (const name of names) {
  test(`scenario ${name.slice(0, -4)} gives its trace`, () => {
    const path = join(FOLDER, name);
    const text = readFileSync(path, 'utf8');
    const interpreter = new Interpreter();
    const steps = parseScript(text).map((step) => ({
      ...step,
      expected: interpreter.run(step.command),
    }));
    const actual = formatScript(steps);
    if (REWRITE) writeFileSync(path, actual);
    else assert.equal(actual, text);
  });
}
