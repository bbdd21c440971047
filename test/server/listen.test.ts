import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listenHttp } from '../../src/server/http.ts';
import { PlainDatabase } from './plain-database.ts';

test('an address that is bound before there is a database says NOT_READY until there is one', async (t) => {
  const listener = await listenHttp({ listen: '127.0.0.1:0' });
  const database = new PlainDatabase();
  t.after(async () => {
    await listener.close();
    await database.close();
  });
  const health = () => fetch(`http://${listener.address}/health`);
  const before = await health();
  assert.equal(before.status, 503);
  assert.match(await before.text(), /"NOT_READY".*this member is starting/);
  listener.serve(database);
  assert.equal((await health()).status, 200);
});
