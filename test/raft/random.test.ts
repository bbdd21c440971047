import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeRaft } from '../../src/raft/describe.ts';
import { RandomRun } from './random-run.ts';

const RUNS = Number(process.env.RAFT_RUNS ?? 150);
const STEPS = Number(process.env.RAFT_STEPS ?? 8000);
const FIRST_SEED = Number(process.env.RAFT_SEED ?? 1);
/** Of a trace, what is worth printing. */
const TRACE_LINES = 60;

test('whatever is lost, repeated or crashed, the invariants hold and the cluster recovers', () => {
  let committed = 0;
  let served = 0;
  for (let seed = FIRST_SEED; seed < FIRST_SEED + RUNS; seed++) {
    const run = new RandomRun(seed);
    try {
      run.run(STEPS);
      run.recover();
    } catch (error) {
      const { trace, members } = run.cluster;
      const states = [...members.values()].map(({ raft }) => describeRaft(raft));
      const report = [`RAFT_SEED=${seed} RAFT_RUNS=1`, ...trace.slice(-TRACE_LINES), ...states];
      console.error(report.join('\n'));
      throw error;
    }
    committed += run.cluster.checker.committedIndex;
    served += run.readsServed;
  }
  // Trouble must not be so great that nothing is tested.
  assert.ok(committed > 50 * RUNS, `only ${committed} entries committed in ${RUNS} runs`);
  assert.ok(served > 10 * RUNS, `only ${served} reads served in ${RUNS} runs`);
});
