import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIMITS } from '../../demo/limits.ts';
import { AckTimes, Meter } from '../../demo/meter.ts';

test('a meter tells the rate and the median of its window only', () => {
  const meter = new Meter();
  meter.record(0, 1_000);
  for (const latencyMs of [9, 1, 5]) meter.record(LIMITS.meterWindowMs, latencyMs);
  assert.deepEqual(meter.read(LIMITS.meterWindowMs + 1), { perSecond: 3, p50Ms: 5 });
  assert.deepEqual(meter.read(3 * LIMITS.meterWindowMs), { perSecond: 0, p50Ms: null });
});

test('a meter that is given too much forgets the oldest', () => {
  const meter = new Meter();
  for (let i = 0; i <= LIMITS.meterSamplesMax; i++) meter.record(0, i);
  const { perSecond, p50Ms } = meter.read(0);
  assert.equal(perSecond, LIMITS.meterSamplesMax / 2);
  assert.ok(p50Ms !== null && p50Ms > LIMITS.meterSamplesMax / 2);
});

test('the longest gap is found among the acknowledgements asked for', () => {
  const times = new AckTimes();
  for (const atMs of [0, 500, 510, 600, 605]) times.record(atMs);
  assert.equal(times.longestGapSince(0), 500);
  assert.equal(times.longestGapSince(505), 90);
  assert.equal(times.longestGapSince(606), 0);
});

test('acknowledgements overwritten in the ring are not taken for neighbours', () => {
  const times = new AckTimes();
  for (let i = 0; i < LIMITS.ackTimesMax + 10; i++) times.record(i);
  assert.equal(times.longestGapSince(0), 1);
});
