import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startHttp } from '../../src/server/http.ts';
import { PlainDatabase } from './plain-database.ts';

type Post = (path: string, body: unknown) => Promise<Record<string, unknown>>;

/** What sends a request and returns the body of the answer. */
async function serve(scope: { after: (fn: () => Promise<void>) => void }): Promise<Post> {
  const database = new PlainDatabase();
  const server = await startHttp(database, { listen: '127.0.0.1:0' });
  scope.after(async () => {
    await server.close();
    await database.close();
  });
  return async (path, body) => {
    const sent = { method: 'POST', body: JSON.stringify(body) };
    const response = await fetch(`http://${server.address}${path}`, sent);
    return (await response.json()) as Record<string, unknown>;
  };
}

test('the error of a batch says which statement it was, also where it does not get as far as SQLite', async (t) => {
  const post = await serve(t);
  const good = { sql: 'SELECT 1' };
  const wrong: [code: string, statement: unknown][] = [
    ['SQL', { sql: 'SELEC' }],
    ['ARGUMENTS_INVALID', { sql: 'SELECT ?', args: [true] }],
    ['ARGUMENTS_INVALID', { sql: 'SELECT ?', args: 'x' }],
    ['ARGUMENTS_INVALID', { sql: 'SELECT ?', args: [2 ** 60] }],
    ['REQUEST_INVALID', { sql: 7 }],
    ['REQUEST_INVALID', { args: [] }],
    ['REQUEST_INVALID', { sql: 'SELECT 1', argz: [] }],
    ['REQUEST_INVALID', null],
  ];
  for (const [code, statement] of wrong) {
    const body = await post('/batch', { statements: [good, good, statement, statement] });
    assert.deepEqual([body.code, body.statementIndex], [code, 2], JSON.stringify(statement));
    const only = await post('/batch', { statements: [statement] });
    assert.deepEqual([only.code, only.statementIndex], [code, 0], JSON.stringify(statement));
  }
  for (const body of [{ statements: [] }, { statements: [good], timeoutMs: 0 }, {}])
    assert.equal('statementIndex' in (await post('/batch', body)), false);
  assert.equal('statementIndex' in (await post('/execute', { sql: 7 })), false);
});
