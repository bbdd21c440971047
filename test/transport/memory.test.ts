import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Prng } from '../../src/base/prng.ts';
import type { MemberId } from '../../src/raft/entry.ts';
import { MemoryNetwork } from '../../src/transport/memory.ts';
import { type FaultRates, NO_FAULTS, RandomPolicy } from '../../src/transport/memory-policy.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { CONTRACT_QUEUE_BYTES, type TransportCluster, transportContract } from './contract.ts';
import { Recorder } from './recorder.ts';

transportContract('memory', openCluster);

async function openCluster(ids: readonly MemberId[]): Promise<TransportCluster> {
  const rates = { ...NO_FAULTS, delayMaxMs: 9 };
  const limits = { queueBytesMax: CONTRACT_QUEUE_BYTES };
  const network = new MemoryNetwork(new RandomPolicy(new Prng(1), rates), limits);
  const members = new Map<MemberId, { transport: Transport; record: Recorder }>();
  const start = async (id: MemberId) => {
    const record = new Recorder();
    members.set(id, { record, transport: network.join(id, record) });
  };
  for (const id of ids) await start(id);
  return {
    transport: (id) => members.get(id)!.transport,
    record: (id) => members.get(id)!.record,
    until: async (condition, what) => {
      while (!condition()) {
        assert.ok(network.nextAtMs !== null, `nothing will happen any more: ${what}`);
        network.advanceTo(network.nextAtMs);
      }
    },
    settle: async () => network.advanceTo(network.nowMs + 1000),
    stop: (id) => members.get(id)!.transport.close(),
    start,
    close: async () => {},
  };
}

function pair(rates: Partial<FaultRates> = {}, seed = 1) {
  const network = new MemoryNetwork(new RandomPolicy(new Prng(seed), { ...NO_FAULTS, ...rates }));
  const a = new Recorder();
  const b = new Recorder();
  const toB = network.join('a', a);
  const toA = network.join('b', b);
  network.advanceTo(10);
  return { network, a, b, toB, toA };
}

function sendNumbers(transport: Transport, to: MemberId, count: number): void {
  for (let i = 0; i < count; i++) transport.send(to, 'raft', [Uint8Array.of(i)]);
}

function numbers(record: Recorder): number[] {
  return record.frames.map(({ payload }) => payload[0]!);
}

const first100 = Array.from({ length: 100 }, (_, i) => i);

describe('memory network', () => {
  test('a one-way cut loses frames of that direction only, unnoticed by the sender', () => {
    const { network, a, b, toA, toB } = pair();
    network.cut('a', 'b');
    assert.ok(toB.send('b', 'raft', [Uint8Array.of(1)]));
    assert.ok(toA.send('a', 'raft', [Uint8Array.of(2)]));
    network.advanceTo(100);
    assert.deepEqual([numbers(a), numbers(b)], [[2], []]);
    network.healAll();
    toB.send('b', 'raft', [Uint8Array.of(3)]);
    network.advanceTo(200);
    assert.deepEqual(numbers(b), [3]);
    assert.deepEqual([a.disconnects, b.disconnects], [[], []]);
  });

  test('no connection comes up across a cut, until it is healed', () => {
    const { network, a, toB } = pair();
    network.cut('b', 'a');
    network.disconnect('a', 'b');
    network.advanceTo(100);
    assert.deepEqual(a.disconnects, ['b', 'b']);
    assert.equal(toB.isConnected('b'), false);
    network.heal('b', 'a');
    network.advanceTo(200);
    assert.ok(toB.isConnected('b'));
  });

  test('a broken connection loses what was under way', () => {
    const { network, b, toB } = pair({ delayMinMs: 50, delayMaxMs: 50 });
    toB.send('b', 'raft', [Uint8Array.of(1)]);
    network.disconnect('a', 'b');
    network.advanceTo(30);
    toB.send('b', 'raft', [Uint8Array.of(2)]);
    network.advanceTo(200);
    assert.deepEqual(numbers(b), [2]);
    assert.equal(toB.queuedBytes('b'), 0);
  });

  test('a crashed member hears nothing, not even of its own end', () => {
    const { network, a, b, toA } = pair();
    toA.send('a', 'raft', [Uint8Array.of(1)]);
    network.crash('a');
    network.advanceTo(100);
    assert.deepEqual([a.frames, a.disconnects, b.disconnects], [[], [], ['a', 'a']]);
  });

  test('loss loses some frames', () => {
    const { network, b, toB } = pair({ loss: 0.5 });
    sendNumbers(toB, 'b', 100);
    network.advanceTo(100);
    assert.ok(b.frames.length > 20 && b.frames.length < 80, `${b.frames.length} arrived`);
  });

  test('duplication repeats frames of Raft, and never others', () => {
    const { network, b, toB } = pair({ duplication: 1 });
    toB.send('b', 'raft', [Uint8Array.of(1)]);
    toB.send('b', 'forward', [Uint8Array.of(2)]);
    network.advanceTo(100);
    assert.deepEqual(numbers(b), [1, 1, 2]);
    assert.notEqual(b.frames[0]!.payload.buffer, b.frames[1]!.payload.buffer);
  });

  test('frames stay in order whatever their delays, unless reordering is asked for', () => {
    for (const reordering of [0, 1]) {
      const { network, b, toB } = pair({ delayMaxMs: 50, reordering });
      sendNumbers(toB, 'b', 100);
      network.advanceTo(1000);
      assert.deepEqual(
        numbers(b).toSorted((x, y) => x - y),
        first100,
      );
      assert.equal(numbers(b).join() === first100.join(), reordering === 0);
    }
  });

  test('the same seed gives the same run, another seed another', () => {
    const faults = { delayMaxMs: 30, loss: 0.2, duplication: 0.2, reordering: 0.2 };
    const run = (seed: number) => {
      const { network, b, toB } = pair(faults, seed);
      sendNumbers(toB, 'b', 100);
      network.advanceTo(1000);
      return numbers(b).join();
    };
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        assert.equal(run(seed), run(seed));
        assert.notEqual(run(seed), run(seed + 1));
      }),
      { numRuns: 20 },
    );
  });
});
