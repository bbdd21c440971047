import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkPrepareOptions, checkReadOptions } from '../../src/api/read-options.ts';
import { encodeToken } from '../../src/api/token.ts';

const after = encodeToken({ term: 3, index: 70 });

test('every combination that means something is taken', () => {
  const { signal } = new AbortController();
  for (const options of [
    {},
    { level: 'eventual', after },
    { level: 'bounded', maxLagMs: 0 },
    { maxLagEntries: 10, maxLagMs: 100 },
    { level: 'session', after, timeoutMs: 0.5, forward: true, worker: false, signal },
    { level: 'strong', timeoutMs: 10 },
    { level: undefined, after: undefined },
  ])
    checkReadOptions(options);
  for (const options of [{}, { level: 'eventual' }, { level: 'session', after, timeoutMs: 5 }])
    checkPrepareOptions(options);
});

test('what means nothing is refused with the name of the option', () => {
  const refused: [unknown, RegExp][] = [
    [null, /an object/],
    ['strong', /an object/],
    [[], /an object/],
    [{ level: 'linearizable' }, /"level" is one of eventual, bounded, session, strong/],
    [{ levl: 'strong' }, /no option "levl"/],
    [{ level: 'bounded' }, /bounded needs "maxLagMs" or "maxLagEntries"/],
    [{ level: 'strong', maxLagMs: 5 }, /belong to the level bounded, not to strong/],
    [{ level: 'session', maxLagEntries: 5 }, /belong to the level bounded, not to session/],
    [{ maxLagMs: -1 }, /"maxLagMs"/],
    [{ maxLagMs: Number.NaN }, /"maxLagMs"/],
    [{ maxLagMs: '5' }, /"maxLagMs"/],
    [{ maxLagEntries: 1.5 }, /"maxLagEntries"/],
    [{ maxLagEntries: 2 ** 40 }, /"maxLagEntries"/],
    [{ timeoutMs: 0 }, /"timeoutMs"/],
    [{ timeoutMs: Number.POSITIVE_INFINITY }, /"timeoutMs"/],
    [{ forward: 1 }, /"forward"/],
    [{ worker: 'yes' }, /"worker"/],
    [{ signal: {} }, /"signal" is an AbortSignal/],
  ];
  for (const [options, message] of refused)
    assert.throws(() => checkReadOptions(options), { code: 'REQUEST_INVALID', message });
  assert.throws(() => checkReadOptions({ after: '70' }), { code: 'TOKEN_INVALID' });
});

test('a statement that is read in place cannot ask other members', () => {
  for (const level of ['bounded', 'strong'])
    assert.throws(() => checkPrepareOptions({ level }), { message: /use query\(\)/ });
  for (const name of ['forward', 'worker', 'signal', 'maxLagMs'])
    assert.throws(() => checkPrepareOptions({ [name]: 1 }), { message: new RegExp(name) });
  assert.throws(() => checkPrepareOptions({ after: 7 }), { code: 'TOKEN_INVALID' });
});
