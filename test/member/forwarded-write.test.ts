import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeResults } from '../../src/api/wire.ts';
import { readAcknowledged } from '../../src/member/forwarded-write.ts';

const RESULT = { columns: ['a'], rows: [[1]], changes: 0, lastInsertRowid: 0 };
const REACHED = { committed: true, members: ['a', 'b'] };
const POSITION = { term: 2, index: 7 };

test('a leader’s answer is read; one that does not decode leaves the outcome of its write unknown', () => {
  const results = encodeResults([RESULT]);
  const given = { position: POSITION, reached: REACHED };
  assert.deepEqual(readAcknowledged(results, given), {
    results: [RESULT],
    position: POSITION,
    reached: REACHED,
  });
  for (let length = 0; length < results.length; length++) {
    const cut = results.slice(0, length);
    const read = readAcknowledged(cut, given);
    assert.equal('code' in read && read.code, 'OUTCOME_UNKNOWN', `${length} bytes`);
  }
});
