import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codes, EngineFixture } from './fixture.ts';

// SQLite checks deferred foreign keys at COMMIT only, which is the batch's: one client's violation is healed by another
// client's write in the same batch, and is accepted, though alone it would have been rejected. No reader sees it.
test('a deferred foreign key is not healed by another client’s write in the same batch', {
  todo: 'group commit shares one COMMIT',
}, () => {
  const leader = new EngineFixture();
  leader.lead();
  leader.run('CREATE TABLE p(id INTEGER PRIMARY KEY)');
  leader.run('CREATE TABLE c(p REFERENCES p(id) DEFERRABLE INITIALLY DEFERRED)');
  const outcomes = leader.run('INSERT INTO c VALUES (1)', 'INSERT INTO p VALUES (1)');
  assert.deepEqual(codes(outcomes), ['SQL', 'ok']);
});
