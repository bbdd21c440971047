import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SharedState } from '../../src/member/shared-state.ts';
import type { LogView } from '../../src/raft/log-view.ts';

/** A log whose entry i has the term terms[i]; what is below `base` cannot be looked at. */
function logOf(terms: readonly number[], base = 0): LogView {
  return {
    base: { term: terms[base]!, index: base },
    baseMembership: [],
    lastIndex: terms.length - 1,
    term: (index) => (index < base ? undefined : terms[index]),
    entries: () => [],
  };
}

/** Terms by index, never going back, with some terms left out; the first is that of no entry. */
const histories = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 6 })), {
    minLength: 1,
    maxLength: 12,
  })
  .map((runs) => {
    const terms = [0];
    let term = 0;
    for (const [skip, count] of runs) {
      term += skip;
      for (let i = 0; i < count; i++) terms.push(term);
    }
    return terms;
  });

test('a position is committed, lost or pending by term and index, whatever steps the commit index took', () => {
  const steps = fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(histories, steps, (terms, steps) => {
      const [writer, log] = [new SharedState(), logOf(terms)];
      const reader = new SharedState(writer.buffer);
      let commit = 0;
      for (const step of steps) {
        commit = Math.min(terms.length - 1, commit + step);
        writer.noteTerms(log, commit);
        writer.setCommitted(commit);
        checkAll(reader, terms, commit);
      }
    }),
  );
});

function checkAll(reader: SharedState, terms: readonly number[], commit: number): void {
  for (let index = 1; index < terms.length + 3; index++)
    for (let term = 1; term <= terms.at(-1)! + 1; term++) {
      const there = index <= commit;
      const known = terms[index] === term ? 'committed' : 'lost';
      const expected = there ? known : term < terms[commit]! ? 'lost' : 'pending';
      const told = reader.verdict({ term, index });
      assert.equal(told, expected, `${term}.${index} of ${terms}, committed to ${commit}`);
    }
}

test('where a snapshot took the place of the log, what is below it is told by its index, but for later terms', () => {
  const terms = [0, 1, 1, 2, 2, 4, 4, 4];
  const shared = new SharedState();
  shared.noteTerms(logOf(terms), 2);
  shared.setCommitted(2);
  shared.noteTerms(logOf(terms, 5), 6);
  shared.setCommitted(6);
  assert.equal(shared.verdict({ term: 1, index: 3 }), 'committed'); // nobody here can tell any more
  assert.equal(shared.verdict({ term: 5, index: 3 }), 'lost');
  assert.equal(shared.verdict({ term: 3, index: 5 }), 'lost');
  assert.equal(shared.verdict({ term: 4, index: 5 }), 'committed');
  assert.equal(shared.verdict({ term: 4, index: 7 }), 'pending');
  assert.equal(shared.verdict({ term: 3, index: 7 }), 'lost');
  assert.deepEqual(shared.committedPosition(6), { term: 4, index: 6 });
});
