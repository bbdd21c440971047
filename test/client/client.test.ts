import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, test } from 'node:test';
import type { SessionDatabase } from '../../src/api/database.ts';
import { encodeToken } from '../../src/api/token.ts';
import { PacelineError } from '../../src/base/errors.ts';
import { createClient } from '../../src/client/client.ts';
import { type HttpServer, startHttp } from '../../src/server/http.ts';
import { PlainDatabase } from '../server/plain-database.ts';
import { poll } from '../server/poll.ts';

let database: PlainDatabase;
let server: HttpServer;
let client: SessionDatabase;
let url: string;
/** An address that nothing listens on any more. */
let nobody: string;

beforeEach(async () => {
  database = new PlainDatabase();
  await database.execute('CREATE TABLE t(id INTEGER PRIMARY KEY, x)');
  server = await startHttp(database, { listen: '127.0.0.1:0' });
  url = `http://${server.address}`;
  client = createClient(url);
  const gone = createServer();
  await listen(gone);
  nobody = urlOf(gone);
  await new Promise((resolve) => gone.close(resolve));
});

afterEach(async () => {
  await client.close();
  await server.close();
  await database.close();
});

test('values, results and positions are those of an embedded database', async () => {
  const row = [2n ** 62n, null, -1.5, 'é', new Uint8Array([0, 255]), -Infinity, 1e300];
  const read = await client.query('SELECT ?, ?, ?, ?, ?, ?, ?', row);
  assert.deepEqual(read.rows, [row]);
  const written = await client.execute('INSERT INTO t(x) VALUES(:x)', { x: 'named' });
  const { changes, lastInsertRowid, position } = written;
  assert.deepEqual([changes, lastInsertRowid, position], [1, 1, { term: 1, index: 2 }]);
  const both = await client.batch([
    { sql: 'INSERT INTO t(x) VALUES(?)', args: [2] },
    { sql: 'SELECT count(*) FROM t' },
  ]);
  assert.deepEqual(both.results[1]?.rows, [[2]]);
  assert.equal((await client.status()).id, 'a');
});

test('the error of a batch says which statement it was, whoever refuses it', async () => {
  const good = { sql: 'SELECT 1' };
  const wrong: [code: string, statement: object][] = [
    ['SQL', { sql: 'SELEC' }],
    ['REQUEST_INVALID', { sql: 7 }],
    ['ARGUMENTS_INVALID', { sql: 'SELECT ?', args: [true] }],
  ];
  for (const [code, statement] of wrong) {
    const refused = client.batch([good, statement as never, good]);
    await assert.rejects(refused, { code, statementIndex: 1 });
  }
});

test('errors come back as they were thrown, and are not retried', async () => {
  await assert.rejects(client.query('SELECT nope'), (error: unknown) => {
    assert.ok(error instanceof PacelineError);
    assert.equal(error.code, 'SQL');
    assert.equal(error.sqlite?.code, 'SQLITE_ERROR');
    return true;
  });
  database.failures.push(new PacelineError('DISK_FULL', 'full'));
  await assert.rejects(client.query('SELECT 1'), { code: 'DISK_FULL' });
});

test('arguments that cannot be bound are refused before anything is sent', async () => {
  await assert.rejects(client.query('SELECT ?', [true as never]), { code: 'ARGUMENTS_INVALID' });
  const statements = [{ sql: 'SELECT ?', args: [NaN] }];
  await assert.rejects(
    client.batch(statements),
    /^PacelineError: statements\[0\]\.args\[0\] is NaN/,
  );
});

test('every write carries an id, its own or the one it was given', async () => {
  await client.execute('INSERT INTO t(x) VALUES(1)');
  await client.batch([{ sql: 'INSERT INTO t(x) VALUES(1)' }], { id: 'mine' });
  const [made, mine] = database.ids.slice(-2);
  assert.match(String(made), /^[0-9a-f-]{36}$/);
  assert.equal(mine, 'mine');
});

test('a retryable error is tried again until it works', async () => {
  database.failures.push(new PacelineError('NO_LEADER', 'x'), new PacelineError('OVERLOADED', 'x'));
  const { rows } = await client.query('SELECT 7');
  assert.deepEqual(rows, [[7]]);
});

test('the next address is asked when one is down, and stayed with', async () => {
  const two = createClient([nobody, url]);
  for (let i = 0; i < 3; i++) await two.execute('INSERT INTO t(x) VALUES(?)', [i]);
  assert.deepEqual((await two.query('SELECT count(*) FROM t')).rows, [[3]]);
  await two.close();
});

test('a write whose answer was lost is repeated under its id and takes effect once', async () => {
  const proxy = await startLossyProxy(url, 2);
  const through = createClient(proxy.url);
  const { position } = await through.execute('INSERT INTO t(x) VALUES(1)');
  assert.deepEqual(position, { term: 1, index: 2 });
  assert.equal(proxy.requests, 3);
  assert.equal(new Set(database.ids.slice(-3)).size, 1);
  assert.deepEqual((await client.query('SELECT count(*) FROM t')).rows, [[1]]);
  await through.close();
  await proxy.close();
});

test('a write without an answer in time is of unknown outcome, and its id can be asked for', async () => {
  const proxy = await startLossyProxy(url, Number.POSITIVE_INFINITY);
  const through = createClient(proxy.url, { timeoutMs: 300 });
  const lost = through.execute('INSERT INTO t(x) VALUES(1)', [], { id: 'the-id' });
  await assert.rejects(lost, (error: unknown) => {
    assert.ok(error instanceof PacelineError);
    assert.equal(error.code, 'OUTCOME_UNKNOWN');
    assert.match(error.message, /"the-id"/);
    return true;
  });
  await through.close();
  await proxy.close();
  const { position } = await client.execute('INSERT INTO t(x) VALUES(1)', [], { id: 'the-id' });
  assert.deepEqual(position, { term: 1, index: 2 }, 'the first answer');
});

test('a write that reached nobody was not done, and says so', async () => {
  const alone = createClient(nobody, { timeoutMs: 300 });
  await assert.rejects(alone.execute('SELECT 1'), { code: 'NOT_READY', category: 'retryable' });
  await assert.rejects(alone.query('SELECT 1'), { code: 'NOT_READY' });
  await alone.close();
});

test('a port that fetch blocks is told apart from a member that is down', async () => {
  const blocked = createClient('http://127.0.0.1:6000', { timeoutMs: 100 });
  await assert.rejects(
    blocked.execute('SELECT 1'),
    /^PacelineError: no member answered .*fetch blocks this port/,
  );
  await blocked.close();
});

test('a member that hangs does not use up the time of the others', async (t) => {
  const silent = createServer(() => {});
  await listen(silent);
  t.after(() => silent.close().closeAllConnections());
  const two = createClient([urlOf(silent), url], { timeoutMs: 2000 });
  assert.deepEqual((await two.query('SELECT 3')).rows, [[3]]);
  await two.close();
});

test('a server that is not Paceline is recognised', async (t) => {
  const other = createServer((_incoming, outgoing) => outgoing.end('{"hello":1}'));
  await listen(other);
  t.after(() => other.close().closeAllConnections());
  const lost = createClient(urlOf(other), { timeoutMs: 300 });
  await assert.rejects(lost.query('SELECT 1'), { code: 'RECORD_DAMAGED' });
  await assert.rejects(lost.status(), { code: 'RECORD_DAMAGED' });
  await assert.rejects(lost.execute('SELECT 1'), { code: 'OUTCOME_UNKNOWN' });
  await lost.close();
});

test('an address may have a path in front of the routes', async () => {
  const proxy = await startLossyProxy(url, 0, '/db');
  const through = createClient(`${proxy.url}/db`);
  assert.deepEqual((await through.query('SELECT 1')).rows, [[1]]);
  await through.close();
  await proxy.close();
});

test('close waits for running calls and refuses later ones', async () => {
  const release = database.hold();
  const running = client.query('SELECT 1');
  await poll(() => database.waiting === 1);
  const closing = client.close();
  await assert.rejects(client.query('SELECT 1'), { code: 'CLOSED' });
  release();
  await closing;
  assert.deepEqual((await running).rows, [[1]]);
});

test('addresses and options that make no sense are refused', () => {
  const invalid = { code: 'OPTIONS_INVALID' };
  assert.throws(() => createClient([]), invalid);
  assert.throws(() => createClient('127.0.0.1:4000'), invalid);
  assert.throws(() => createClient('ftp://x'), invalid);
  assert.throws(() => createClient(url, { timeoutMs: 0 }), invalid);
  assert.throws(() => createClient(url, { timeout: 5 } as never), invalid);
});

/** Passes requests on, and closes the connection instead of answering the first `lost` of them. */
async function startLossyProxy(target: string, lost: number, prefix = '') {
  let requests = 0;
  const proxy = createServer(async (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const path = String(incoming.url).slice(prefix.length);
    const answer = await fetch(target + path, { method: 'POST', body: Buffer.concat(chunks) });
    const text = await answer.text();
    requests += 1;
    if (requests <= lost) incoming.socket.destroy();
    else outgoing.writeHead(answer.status).end(text);
  });
  await listen(proxy);
  return {
    url: urlOf(proxy),
    get requests() {
      return requests;
    },
    close: () => new Promise((resolve) => proxy.close(resolve)),
  };
}

function listen(http: Server): Promise<void> {
  return new Promise((resolve) => http.listen(0, '127.0.0.1', resolve));
}

function urlOf(http: Server): string {
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
}

test('a read asks for what this client has written and read, and with the options that it was given', async () => {
  assert.equal(client.token, 'p0.0');
  await client.query('SELECT 1');
  const { position } = await client.execute('INSERT INTO t(x) VALUES(1)');
  assert.equal(client.token, encodeToken(position));
  await client.query('SELECT 1', [], { timeoutMs: 4000 });
  await client.query('SELECT 1', [], { after: 'p1.zz' });
  await client.query('SELECT 1', [], { level: 'strong', forward: true });
  await client.query('SELECT 1', [], { maxLagMs: 7, maxLagEntries: 8, after: 'p0.1' });
  const [first, second, later, strong, bounded] = database.readOptions.map((options) => {
    const { timeoutMs, ...rest } = options as { timeoutMs: number };
    assert.ok(timeoutMs > 0 && timeoutMs <= 10_000);
    return rest;
  });
  // The session of the member's own handle is not that of this client.
  assert.deepEqual(first, { level: 'eventual' });
  assert.deepEqual(second, { level: 'eventual', after: encodeToken(position) });
  assert.deepEqual(later, { level: 'eventual', after: 'p1.zz' });
  assert.deepEqual(strong, { level: 'strong', forward: true });
  assert.deepEqual(bounded, { maxLagMs: 7, maxLagEntries: 8, after: 'p0.1' });
});

test('a session whose write was lost is told so once, and goes on without it, but with all else that it has written and read', async () => {
  const { position } = await client.execute('INSERT INTO t(x) VALUES(1)');
  const kept = encodeToken(position);
  await client.execute('INSERT INTO t(x) VALUES(2)', [], { durability: 'local' });
  await client.query('SELECT 1', [], { level: 'eventual' });
  assert.notEqual(client.token, kept);
  assert.equal(client.certainToken, kept);
  database.failures.push(new PacelineError('POSITION_LOST', 'gone'));
  await assert.rejects(client.query('SELECT 1'), { code: 'POSITION_LOST' });
  assert.equal(client.token, kept);
  await client.query('SELECT 1');
  assert.deepEqual((database.readOptions.at(-1) as { after?: string }).after, kept);
});

test('a signal ends a call that is under way, and one that waits for its next attempt', async () => {
  const release = database.hold();
  const controller = new AbortController();
  const { signal } = controller;
  const running = client.query('SELECT 1', [], { signal });
  const alone = createClient(nobody);
  const waiting = alone.query('SELECT 1', [], { signal });
  controller.abort(new Error('enough'));
  await assert.rejects(running, { message: 'enough' });
  await assert.rejects(waiting, { message: 'enough' });
  await assert.rejects(client.query('SELECT 1', [], { signal }), { message: 'enough' });
  release();
  await alone.close();
});

test('addresses that nobody can reach are given up early where that is asked for', async () => {
  const impatient = createClient([nobody], { timeoutMs: 600_000, unreachableMs: 1 });
  await assert.rejects(impatient.status(), { code: 'NOT_READY', category: 'retryable' });
  const other = createClient([nobody, url], { timeoutMs: 600_000, unreachableMs: 1 });
  assert.equal((await other.status()).id, 'a');
  await Promise.all([impatient.close(), other.close()]);
});
