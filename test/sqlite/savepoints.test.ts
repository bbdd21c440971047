import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { savepointStatement } from '../../src/sqlite/savepoints.ts';
import { EngineFixture } from './fixture.ts';

test('statements about savepoints are told by their text, whatever their form', () => {
  const forms = [
    ['savepoint sp0', 'SAVEPOINT sp0'],
    [' SAVEPOINT "a ""b"" c";\n', 'SAVEPOINT "a ""b"" c"'],
    ['release savepoint sp0', 'RELEASE sp0'],
    ['Release `x`', 'RELEASE `x`'],
    ['rollback to savepoint sp0', 'ROLLBACK TO sp0'],
    ['ROLLBACK TRANSACTION TO [a b] ;', 'ROLLBACK TO [a b]'],
  ] as const;
  for (const [text, spelt] of forms) assert.equal(savepointStatement(text)?.sql, spelt);
  const others = [
    'ROLLBACK',
    'COMMIT',
    'SAVEPOINT a; COMMIT',
    'SELECT 1',
    'RELEASE',
    'SAVEPOINT 1',
  ];
  for (const text of others) assert.equal(savepointStatement(text), null, text);
});

test('an interactive transaction goes back to its savepoints and keeps the rest', () => {
  const leader = new EngineFixture();
  after(() => leader.close());
  leader.lead();
  leader.run('CREATE TABLE t(v)');
  const { interactive } = leader.engine;
  const run = (sql: string) => interactive.run([{ sql }], false);
  interactive.begin();
  run('INSERT INTO t VALUES (1)');
  run('savepoint one');
  run('ALTER TABLE t ADD COLUMN w');
  run('INSERT INTO t VALUES (2, 2)');
  assert.deepEqual(run('SELECT * FROM t')[0]!.columns, ['v', 'w']);
  assert.throws(() => run('INSERT INTO t VALUES (3)'), { code: 'SQL' });
  run('rollback to savepoint one');
  assert.deepEqual(run('SELECT * FROM t')[0]!.columns, ['v']);
  run('release savepoint one');
  assert.throws(() => run('release savepoint one'), { code: 'SQL', message: /no such savepoint/ });
  run('savepoint two');
  run('INSERT INTO t VALUES (4)');
  run('release two');
  interactive.commit('id', false);
  assert.deepEqual(leader.all('SELECT * FROM t'), [{ v: 1 }, { v: 4 }]);
});

test('a savepoint is refused in a step of several statements, and in one that only reads', () => {
  const leader = new EngineFixture();
  after(() => leader.close());
  leader.lead();
  leader.engine.interactive.begin();
  const several = [{ sql: 'SAVEPOINT s' }, { sql: 'SELECT 1' }];
  const { interactive } = leader.engine;
  assert.throws(() => interactive.run(several, false), { code: 'STATEMENT_FORBIDDEN' });
  assert.throws(() => interactive.run([{ sql: 'SAVEPOINT s' }], true), {
    code: 'STATEMENT_FORBIDDEN',
  });
  interactive.rollBack();
});
