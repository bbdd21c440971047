import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Prng } from '../../src/base/prng.ts';
import { resolveConfig } from '../../src/raft/config.ts';
import { CONFIG } from './one-raft.ts';

const config = { ...CONFIG, prng: new Prng(1) };

test('what is not given has a default', () => {
  const resolved = resolveConfig(config);
  assert.equal(resolved.snapshotRetryTicks, 100);
  assert.ok(resolved.readsPendingMax > 0);
  assert.ok(resolved.readRoundsMax > 0);
  assert.equal(resolveConfig({ ...config, snapshotRetryTicks: 7 }).snapshotRetryTicks, 7);
});

test('numbers that are not positive integers are refused by name', () => {
  for (const key of ['electionTicks', 'inflightBytesMax', 'appendBytesMax', 'readRoundsMax']) {
    for (const value of [0, -1, 1.5, Number.NaN]) {
      const wrong = { ...config, [key]: value };
      assert.throws(() => resolveConfig(wrong), {
        code: 'OPTIONS_INVALID',
        message: new RegExp(key),
      });
    }
  }
});

test('heartbeats must come more often than election timeouts', () => {
  const wrong = { ...config, heartbeatTicks: 10 };
  assert.throws(() => resolveConfig(wrong), { code: 'OPTIONS_INVALID' });
});

test('a member needs an id', () => {
  assert.throws(() => resolveConfig({ ...config, id: '' }), { code: 'OPTIONS_INVALID' });
});
