import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codes, EngineFixture } from './fixture.ts';

// SQLite checks deferred foreign keys at COMMIT only, which several clients' writes may share.
test('a deferred foreign key is not healed by another client’s write in the same batch', () => {
  const leader = new EngineFixture();
  leader.lead();
  leader.run('CREATE TABLE p(id INTEGER PRIMARY KEY)');
  leader.run('CREATE TABLE c(p REFERENCES p(id) DEFERRABLE INITIALLY DEFERRED)');
  const outcomes = leader.run('INSERT INTO c VALUES (1)', 'INSERT INTO p VALUES (1)');
  assert.deepEqual(codes(outcomes), ['SQL', 'ok']);
});

test('keys deferred by a pragma are checked at the end of the write that asked for it', () => {
  const leader = new EngineFixture();
  leader.lead();
  leader.run('CREATE TABLE p(id INTEGER PRIMARY KEY)', 'CREATE TABLE c(p REFERENCES p(id))');
  const early = [{ sql: 'PRAGMA defer_foreign_keys = ON' }, { sql: 'INSERT INTO c VALUES (1)' }];
  const late = [{ sql: 'INSERT INTO p VALUES (1)' }];
  const outcomes = leader.runWrites([
    { statements: early, id: null },
    { statements: late, id: null },
  ]);
  assert.deepEqual(codes(outcomes), ['SQL', 'ok']);
});
