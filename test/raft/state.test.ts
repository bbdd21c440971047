import assert from 'node:assert/strict';
import { test } from 'node:test';
import { membership } from './member-fixture.ts';
import { CONFIG, entry, One } from './one-raft.ts';

test('a removed member campaigns until it knows its removal to be committed', () => {
  for (const commit of [0, 1]) {
    const entries = [entry(1, 1, 1, membership('b', 'c'))];
    const one = new One({ entries, term: 1, commit });
    one.ticks(2 * CONFIG.electionTicks);
    assert.equal(one.raft.role, commit === 0 ? 'pre-candidate' : 'follower');
  }
});

test('the own vote of a removed member does not count', () => {
  const entries = [entry(1, 1, 1, membership('b', 'c', 'd'))];
  const one = new One({ members: ['a', 'b', 'c', 'd'], entries, term: 1 });
  one.campaign();
  one.step('b', 2, { type: 'vote-response', preVote: true, granted: true });
  assert.equal(one.raft.role, 'pre-candidate');
  one.step('c', 2, { type: 'vote-response', preVote: true, granted: true });
  assert.equal(one.raft.role, 'candidate');
});
