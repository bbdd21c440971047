import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

/** A failover takes well under a second; the rest is for a machine that is busy with other tests. */
const PATIENCE_MS = 180_000;

for (const tool of ['drizzle', 'kysely'])
  test(`the ${tool} example loses no order that was acknowledged`, () => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['build/examples/main.js', tool],
      { encoding: 'utf8', timeout: PATIENCE_MS },
    );
    assert.equal(status, 0, `${stdout}\n${stderr}`);
    assert.match(stdout, /led, and was killed\n\d+ orders acknowledged/);
    assert.match(stdout, /all (\d+) are on all three members/);
  });
