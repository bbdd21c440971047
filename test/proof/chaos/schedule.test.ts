import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  FAULT_KINDS,
  type FaultKind,
  LONE_FAULTS,
  NETWORK_FAULTS,
  type Step,
  schedule,
} from '../../../proof/chaos/schedule.ts';

function first(count: number, seed: number, kinds: readonly FaultKind[] = FAULT_KINDS): Step[] {
  const steps = schedule(seed, kinds);
  return Array.from({ length: count }, () => steps.next().value);
}

test('the same seed gives the same schedule, another one another', () => {
  assert.deepEqual(first(100, 7), first(100, 7));
  assert.notDeepEqual(first(100, 7), first(100, 8));
});

test('each kind comes once alone before anything comes again', () => {
  for (let seed = 0; seed < 50; seed++) {
    const kinds = first(FAULT_KINDS.length, seed).map((step) => step.kinds);
    assert.deepEqual(kinds.flat().sort(), [...FAULT_KINDS].sort());
    assert.ok(kinds.every((step) => step.length === 1));
  }
});

test('two faults at once are one of a process and one of the network, never one that must be alone', () => {
  const lone: readonly FaultKind[] = LONE_FAULTS;
  const network: readonly FaultKind[] = NETWORK_FAULTS;
  const pairs = first(1000, 1).filter(({ kinds }) => kinds.length > 1);
  assert.ok(pairs.length > 100);
  for (const { kinds } of pairs) {
    assert.equal(kinds.filter((kind) => network.includes(kind)).length, 1, `${kinds}`);
    assert.ok(!kinds.some((kind) => lone.includes(kind)), `${kinds}`);
  }
});

test('a schedule of some kinds has no others', () => {
  const kinds = new Set(first(100, 3, ['cut', 'kill-all']).flatMap((step) => step.kinds));
  assert.deepEqual([...kinds].sort(), ['cut', 'kill-all']);
});
