import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type BenchOptions, parseOptions } from '../../bench/options.ts';

function parsed(...argv: string[]): BenchOptions {
  const options = parseOptions(argv);
  assert.notEqual(options, 'help');
  return options as BenchOptions;
}

test('what was asked for by name is told from what runs anyway', () => {
  assert.equal(parsed().only, null);
  assert.deepEqual(
    parsed('--only', 'reads,postgresql').only,
    new Set(['reads', 'postgresql'] as const),
  );
});

test('what is wrong is named', () => {
  const wrong: [argv: string[], message: RegExp][] = [
    [['--only', 'writes,sqlite'], /there is no "sqlite"/],
    [['--seconds', '0'], /--seconds must be a number above zero/],
    [['--rounds', '1.5'], /--rounds must be a whole number/],
    [['--kills', 'many'], /--kills must be a number above zero/],
    [['--quick'], /--quick/],
  ];
  for (const [argv, message] of wrong) assert.throws(() => parseOptions(argv), { message });
});
