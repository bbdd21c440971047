import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { DatabaseSync } from '../../src/sqlite/binding.ts';
import { codes, EngineFixture, resultsOf, write } from './fixture.ts';

/** A parent table with a child that goes when its parent does. */
function family(): EngineFixture {
  const leader = new EngineFixture();
  after(() => leader.close());
  leader.lead();
  leader.run('CREATE TABLE p(id INTEGER PRIMARY KEY)', 'INSERT INTO p VALUES (1)');
  leader.run('CREATE TABLE c(p REFERENCES p(id) ON DELETE CASCADE)', 'INSERT INTO c VALUES (1)');
  return leader;
}

const OFF = 'PRAGMA foreign_keys=OFF;';
const REBUILD = [
  'CREATE TABLE _new(id INTEGER PRIMARY KEY, name TEXT)',
  'INSERT INTO _new(id) SELECT id FROM p',
  'DROP TABLE p',
  'ALTER TABLE _new RENAME TO p',
];

test('a batch that switches foreign keys off first rebuilds a table without taking its children along', () => {
  const leader = family();
  const [outcome] = leader.runWrites([write([OFF, ...REBUILD, ' pragma foreign_keys = on'])]);
  assert.equal(resultsOf(outcome).length, REBUILD.length + 2);
  assert.deepEqual(leader.all('SELECT p.id, c.p FROM c, p'), [{ id: 1, p: 1 }]);
});

test('writes before and after such a batch, in one run with it, are held to their foreign keys', () => {
  const leader = family();
  const orphan = write('INSERT INTO c VALUES (7)');
  const unchecked = write([OFF, 'INSERT INTO c VALUES (8)']);
  const outcomes = leader.runWrites([orphan, unchecked, orphan, unchecked, unchecked, orphan]);
  assert.deepEqual(codes(outcomes), ['SQL', 'ok', 'SQL', 'ok', 'ok', 'SQL']);
  assert.deepEqual(leader.all('SELECT p FROM c'), [{ p: 1 }, { p: 8 }, { p: 8 }, { p: 8 }]);
});

test('such a batch that fails, or that only reads, leaves nothing, and enforcement on', () => {
  const leader = family();
  const outcomes = leader.runWrites([
    write([OFF, 'INSERT INTO c VALUES (8)', 'INSERT INTO nowhere VALUES (1)']),
    write([OFF, 'SELECT * FROM c']),
    write('INSERT INTO c VALUES (7)'),
  ]);
  assert.deepEqual(codes(outcomes), ['SQL', 'ok', 'SQL']);
  assert.deepEqual(resultsOf(outcomes[1])[1]!.rows, [[1]]);
  assert.deepEqual(leader.all('SELECT p FROM c'), [{ p: 1 }]);
});

test('such a batch that cannot have the lock leaves enforcement on', () => {
  const leader = family();
  const other = new DatabaseSync(leader.path);
  after(() => other.close());
  leader.engine.unlock();
  other.exec('BEGIN IMMEDIATE');
  assert.throws(() => leader.runWrites([write([OFF, 'INSERT INTO c VALUES (8)'])]), {
    code: 'DATABASE_BUSY',
  });
  other.exec('ROLLBACK');
  const outcomes = leader.runWrites([write('INSERT INTO c VALUES (7)')]);
  assert.deepEqual(codes(outcomes), ['SQL'], 'enforced again');
});

test('a single statement, or a later one of a batch, cannot switch foreign keys', () => {
  const leader = family();
  const outcomes = leader.runWrites([write(OFF), write(['INSERT INTO p VALUES (2)', OFF])]);
  assert.deepEqual(codes(outcomes), ['STATEMENT_FORBIDDEN', 'STATEMENT_FORBIDDEN']);
});
