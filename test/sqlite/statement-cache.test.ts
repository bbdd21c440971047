import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StatementGuard } from '../../src/sqlite/authorizer.ts';
import { type Connection, DatabaseSync } from '../../src/sqlite/binding.ts';
import { StatementCache } from '../../src/sqlite/statement-cache.ts';

/** As `docs/limits.md` has it. */
const STATEMENTS_MAX = 500;

/** What is compiled on the connection is noted; properties of its own cannot be set. */
function counting(connection: Connection, compiled: string[]): Connection {
  return new Proxy(connection, {
    get(target, name) {
      if (name !== 'prepare') return Reflect.get(target, name, target);
      return (sql: string) => {
        compiled.push(sql);
        return target.prepare(sql);
      };
    },
  });
}

test('a statement is compiled once however often it runs, and so many are kept', () => {
  const connection = new DatabaseSync(':memory:');
  const compiled: string[] = [];
  const guard = new StatementGuard(connection);
  const cache = new StatementCache(counting(connection, compiled), guard, true);
  for (let i = 0; i < 10; i++)
    assert.deepEqual(cache.get('SELECT ?').statement.all(i), [[BigInt(i)]]);
  assert.deepEqual(compiled, ['SELECT ?']);
  for (let i = 1; i < STATEMENTS_MAX; i++) cache.get(`SELECT ${i}`);
  cache.get('SELECT ?');
  assert.equal(compiled.length, STATEMENTS_MAX);
  cache.get('SELECT -1');
  cache.get('SELECT 1');
  assert.equal(compiled.length, STATEMENTS_MAX + 1, 'only the one first seen is gone');
  cache.get('SELECT ?');
  assert.equal(compiled.length, STATEMENTS_MAX + 2);
  connection.close();
});
