import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { DEFAULTS } from '../../src/member/options.ts';
import { HTTP_DEFAULTS } from '../../src/server/options.ts';

const UNITS: Readonly<Record<string, number>> = { '': 1, KiB: 2 ** 10, MiB: 2 ** 20 };

/** The defaults in the tables of a document, by the name of the option. */
function defaultsIn(path: string): Map<string, string | number> {
  const rows = readFileSync(path, 'utf8').matchAll(/^\| `(\w+)` +\| ([^|]+?) +\|/gm);
  return new Map(Array.from(rows, ([, name, value]) => [name!, meaningOf(value!)]));
}

function meaningOf(written: string): string | number {
  const [, digits, unit = ''] = /^(\d[\d ]*?)(?: (KiB|MiB))?$/.exec(written) ?? [];
  if (digits === undefined) return written.replaceAll('`', '');
  return Number(digits.replaceAll(' ', '')) * UNITS[unit]!;
}

for (const [path, defaults] of [
  ['docs/limits.md', DEFAULTS],
  ['docs/http.md', HTTP_DEFAULTS],
] as const)
  test(`${path} has every option with the default that it has in the code`, () => {
    const written = defaultsIn(path);
    for (const [name, value] of Object.entries(defaults))
      assert.equal(written.get(name), value, name);
  });
