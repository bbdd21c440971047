import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asPacelineError, atStatement, PacelineError } from '../../src/base/errors.ts';

test('an error crosses threads as a record, with all that it says', () => {
  const all = {
    sqlite: { code: 'SQLITE_CONSTRAINT', errcode: 2067 },
    requestId: 'order-17',
    statementIndex: 3,
  };
  const error = new PacelineError('SQL', 'no', all);
  const again = PacelineError.fromRecord(structuredClone(error.toRecord()));
  assert.deepEqual(again.toRecord(), { code: 'SQL', message: 'no', ...all });
  assert.equal(again.category, 'rejected');
  const bare = new PacelineError('NO_LEADER', 'no');
  assert.deepEqual(bare.toRecord(), { code: 'NO_LEADER', message: 'no' });
});

test('what is thrown elsewhere is a bug with its stack, what is ours stays as it is', () => {
  const ours = new PacelineError('DISK_FULL', 'no room');
  assert.equal(asPacelineError(ours), ours);
  const { code, category, message, cause } = asPacelineError(new TypeError('x is not a function'));
  assert.deepEqual([code, category], ['INTERNAL', 'fault']);
  assert.match(message, /x is not a function; this is a bug: please report it\n[\s\S]*at /);
  assert.ok(cause instanceof TypeError);
  assert.match(asPacelineError('text').message, /^text;/);
});

test('only errors about statements get the number of one', () => {
  const syntax = atStatement(new PacelineError('SQL', 'no', { requestId: 'x' }), 2);
  assert.ok(syntax instanceof PacelineError);
  assert.deepEqual([syntax.statementIndex, syntax.requestId], [2, 'x']);
  for (const other of [new PacelineError('DISK_FULL', 'no'), new Error('no'), 'no'])
    assert.equal(atStatement(other, 2), other);
});
