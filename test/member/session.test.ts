import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeToken } from '../../src/api/token.ts';
import { Session } from '../../src/member/session.ts';
import { SharedState } from '../../src/member/shared-state.ts';
import { ORIGIN } from '../../src/raft/entry.ts';
import type { LogView } from '../../src/raft/log-view.ts';

/** A member that knows entries 1 and 2 for committed, of term 1, and later more. */
function memberOf(terms: readonly number[]) {
  const shared = new SharedState();
  const log: LogView = {
    base: ORIGIN,
    baseMembership: [],
    lastIndex: terms.length - 1,
    term: (index) => terms[index],
    entries: () => [],
  };
  const commit = (index: number) => {
    shared.noteTerms(log, index);
    shared.setCommitted(index);
  };
  commit(2);
  return { shared, session: new Session(shared), commit };
}

test('a token of what was read elsewhere says in which term that is, before this member has heard of the term', () => {
  const { session, commit } = memberOf([0, 1, 1, 3, 3, 3]);
  session.begin();
  session.readElsewhere({ term: 3, index: 4 });
  const token = encodeToken({ term: 3, index: 4 });
  assert.deepEqual([session.token, session.certainToken], [token, token]);
  commit(5);
  assert.deepEqual([session.token, session.certainToken], [token, token]);
});

test('a token stands for nothing before anything was read, whatever database was opened', () => {
  const { shared, session } = memberOf([0, 1, 1, 3, 3, 3]);
  shared.setVisible(5); // of which nobody has said that it is committed
  session.begin();
  assert.equal(session.token, encodeToken(ORIGIN));
  shared.setVisible(2);
  session.noteRead(shared.visible);
  assert.equal(session.token, encodeToken({ term: 1, index: 2 }));
});

test('what was read in one database must be seen in the one that takes its place', () => {
  const { shared, session } = memberOf([0, 1, 1, 3, 3, 3]);
  shared.setApplied(2);
  session.begin();
  session.noteRead(2);
  shared.setApplied(1);
  session.begin();
  assert.equal(session.look(), false);
  assert.equal(session.token, encodeToken({ term: 1, index: 2 }));
  shared.setApplied(2);
  assert.equal(session.look(), true);
});

test('a token of what is in front of the log that is kept stands for the beginning of that log', () => {
  const shared = new SharedState();
  const base = { term: 4, index: 8 };
  const log: LogView = {
    base,
    baseMembership: [],
    lastIndex: 8,
    term: (index) => (index === 8 ? 4 : undefined),
    entries: () => [],
  };
  shared.noteTerms(log, 8);
  shared.setCommitted(8);
  shared.setApplied(8);
  const session = new Session(shared);
  session.begin();
  // Committed, or in the place of what was: nobody here can tell, and both are told lost elsewhere with another term.
  session.wrote({ term: 3, index: 5 });
  assert.equal(session.look(), true);
  assert.deepEqual([session.token, session.certainToken], [encodeToken(base), encodeToken(base)]);
});
