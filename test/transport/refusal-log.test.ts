import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RefusalLog } from '../../src/transport/refusal-log.ts';

function logOf(repeatMs: number) {
  const reports: string[] = [];
  const log = new RefusalLog(repeatMs, (peer, error) => reports.push(`${peer}: ${error.message}`));
  return { log, reports };
}

describe('refusal log', () => {
  test('the same refusal is reported once in the interval, another one at once', () => {
    const { log, reports } = logOf(1000);
    log.add('b', new Error('x'), 0);
    log.add('b', new Error('x'), 999);
    log.add('c', new Error('x'), 999);
    log.add('b', new Error('y'), 999);
    log.add('b', new Error('x'), 1000);
    assert.deepEqual(reports, ['b: x', 'c: x', 'b: y', 'b: x']);
  });

  test('a peer that was accepted in between is reported anew', () => {
    const { log, reports } = logOf(1000);
    for (const peer of ['b', 'c']) log.add(peer, new Error('x'), 0);
    log.forget('b');
    for (const peer of ['b', 'c']) log.add(peer, new Error('x'), 1);
    assert.deepEqual(reports, ['b: x', 'c: x', 'b: x']);
  });

  test('strangers without number do not make it grow: the oldest is forgotten', () => {
    const { log, reports } = logOf(1000);
    for (let i = 0; i <= 64; i++) log.add(null, new Error(`${i}`), 0);
    log.add(null, new Error('64'), 1);
    assert.equal(reports.length, 65);
    log.add(null, new Error('0'), 1);
    assert.equal(reports.length, 66);
  });
});
