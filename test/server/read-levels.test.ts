import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type HttpServer, startHttp } from '../../src/server/http.ts';
import { PlainDatabase } from './plain-database.ts';

const database = new PlainDatabase();
let server: HttpServer;

before(async () => {
  server = await startHttp(database, { listen: '127.0.0.1:0' });
});

after(async () => {
  await server.close();
  await database.close();
});

async function post(path: string, body: unknown) {
  const url = `http://${server.address}${path}`;
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(body) });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

test('POST /query takes levels, bounds and tokens, refuses others by name, and gives a token', async () => {
  const { body } = await post('/query', { sql: 'SELECT 1', level: 'strong', forward: true });
  assert.equal(body.token, database.certainToken);
  assert.deepEqual(database.readOptions.at(-1), { level: 'strong', forward: true });
  await post('/query', { sql: 'SELECT 1', maxLagMs: 5, maxLagEntries: 6, timeoutMs: 7 });
  const bounded = { maxLagMs: 5, maxLagEntries: 6, timeoutMs: 7 };
  assert.deepEqual(database.readOptions.at(-1), bounded);
  // Each request stands for itself: a session is what it says that it has seen.
  await post('/query', { sql: 'SELECT 1', level: 'session', after: 'p1.5' });
  assert.deepEqual(database.readOptions.at(-1), { level: 'eventual', after: 'p1.5' });
  for (const [wrong, code] of [
    [{ level: 'linearizable' }, 'REQUEST_INVALID'],
    [{ level: 'bounded' }, 'REQUEST_INVALID'],
    [{ level: 'strong', maxLagMs: 5 }, 'REQUEST_INVALID'],
    [{ maxLagMs: -1 }, 'REQUEST_INVALID'],
    [{ maxLagEntries: 1.5 }, 'REQUEST_INVALID'],
    [{ after: 'x' }, 'TOKEN_INVALID'],
    [{ worker: true }, 'REQUEST_INVALID'],
  ] as const) {
    const refused = await post('/query', { sql: 'SELECT 1', ...wrong });
    assert.deepEqual([refused.status, refused.body.code], [400, code]);
  }
});
