import assert from 'node:assert/strict';
import { once } from 'node:events';
import { afterEach, beforeEach, test } from 'node:test';
import { PacelineError } from '../../src/base/errors.ts';
import { type HttpServer, startHttp } from '../../src/server/http.ts';
import type { HttpOptions } from '../../src/server/options.ts';
import { openSocket } from './open-socket.ts';
import { PlainDatabase } from './plain-database.ts';
import { poll } from './poll.ts';

let database: PlainDatabase;
let server: HttpServer;

async function restart(limits: Partial<HttpOptions> = {}): Promise<void> {
  await server?.close();
  server = await startHttp(database, { listen: '127.0.0.1:0', ...limits });
}

beforeEach(async () => {
  database = new PlainDatabase();
  await database.execute('CREATE TABLE t(id INTEGER PRIMARY KEY, x UNIQUE)');
  server = await startHttp(database, { listen: '127.0.0.1:0' });
});

afterEach(async () => {
  await server.close();
  await database.close();
});

const urlOf = (path: string) => `http://${server.address}${path}`;

async function post(path: string, body: unknown, headers: Record<string, string> = {}) {
  const text = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
  const response = await fetch(urlOf(path), { method: 'POST', body: text, headers });
  return { status: response.status, headers: response.headers, body: await readJson(response) };
}

async function get(path: string) {
  const response = await fetch(urlOf(path));
  return { status: response.status, body: await readJson(response) };
}

async function readJson(response: Response): Promise<Record<string, unknown>> {
  assert.equal(response.headers.get('content-type'), 'application/json');
  return (await response.json()) as Record<string, unknown>;
}

test('POST /execute runs a statement and answers with its result and position', async () => {
  const blob = { $blob: 'AAH/' };
  const { status, body } = await post('/execute', {
    sql: 'INSERT INTO t VALUES(?, ?) RETURNING id, x',
    args: [{ $integer: '9223372036854775807' }, blob],
    id: 'one',
    timeoutMs: 1000,
  });
  assert.equal(status, 200);
  assert.deepEqual(body, {
    columns: ['id', 'x'],
    rows: [[{ $integer: '9223372036854775807' }, blob]],
    changes: 1,
    lastInsertRowid: body.lastInsertRowid,
    position: { term: 1, index: 2 },
    id: 'one',
    reached: { committed: true, members: ['only'] },
    elapsedMs: 1,
  });
  assert.equal(database.ids.at(-1), 'one');
});

test('POST /batch runs all statements or none', async () => {
  const insert = { sql: 'INSERT INTO t(x) VALUES(:x)', args: { x: 'a' } };
  const good = await post('/batch', { statements: [insert, { sql: 'SELECT count(*) FROM t' }] });
  assert.equal(good.status, 200);
  const results = good.body.results as { rows: unknown[] }[];
  assert.deepEqual(results[1]?.rows, [[1]]);
  assert.deepEqual(good.body.position, { term: 1, index: 2 });
  const bad = await post('/batch', { statements: [{ sql: 'DELETE FROM t' }, insert, insert] });
  assert.equal(bad.status, 400);
  const left = await post('/query', { sql: 'SELECT count(*) AS n FROM t' });
  assert.deepEqual(left.body, { columns: ['n'], rows: [[1]], token: 'p1.2' });
});

test('POST /query reads, and refuses to write', async () => {
  const read = await post('/query', { sql: 'SELECT 1.5 AS r, ? AS t', args: ['é'] });
  assert.deepEqual(read.body, { columns: ['r', 't'], rows: [[1.5, 'é']], token: 'p1.1' });
  const write = await post('/query', { sql: "INSERT INTO t(x) VALUES('no')" });
  assert.equal(write.status, 400);
  assert.equal(write.body.code, 'READ_ONLY');
});

test("an SQL error carries SQLite's code", async () => {
  await post('/execute', { sql: "INSERT INTO t(x) VALUES('a')" });
  const { status, body } = await post('/execute', { sql: "INSERT INTO t(x) VALUES('a')" });
  assert.equal(status, 400);
  assert.equal(body.code, 'SQL');
  assert.equal(body.category, 'rejected');
  assert.equal((body.sqlite as { code: string }).code, 'SQLITE_CONSTRAINT');
});

test('GET /status is the status, GET /health says whether this member serves', async () => {
  const status = await get('/status');
  assert.deepEqual(status.body, JSON.parse(JSON.stringify({ ...(await database.status()) })));
  const healthy = await get('/health');
  assert.equal(healthy.status, 200);
  assert.deepEqual(healthy.body, { healthy: true, id: 'a', role: 'leader', leader: 'a' });
  database.leader = null;
  const sick = await get('/health');
  assert.equal(sick.status, 503);
  assert.equal(sick.body.healthy, false);
});

test('a body that is not a request is refused, naming the place', async () => {
  const cases: [string, unknown, RegExp][] = [
    ['/execute', '', /body is empty/],
    ['/execute', '{"sql":', /not JSON/],
    ['/execute', new Uint8Array([0x22, 0xff, 0x22]), /not UTF-8/],
    ['/execute', [], /^body: /],
    ['/execute', {}, /^body\.sql: /],
    ['/execute', { sql: 'SELECT 1', argz: [] }, /argz/],
    ['/execute', { sql: 'SELECT 1', timeoutMs: 0 }, /^body\.timeoutMs: /],
    ['/execute', { sql: 'SELECT 1', timeoutMs: 1e12 }, /^body\.timeoutMs: /],
    ['/execute', { sql: 'SELECT 1', id: '' }, /^body\.id: /],
    ['/batch', { statements: [] }, /^body\.statements: /],
    ['/batch', { statements: [{ sql: 'SELECT 1' }, { sql: 2 }] }, /^body\.statements\[1\]\.sql: /],
    ['/query', { sql: 'SELECT 1', id: 'x' }, /id/],
  ];
  for (const [path, sent, message] of cases) {
    const { status, body } = await post(path, sent);
    assert.equal(status, 400, JSON.stringify(sent));
    assert.equal(body.code, 'REQUEST_INVALID');
    assert.match(String(body.message), message);
  }
});

test('an argument that is no SQL value is refused, naming the place', async () => {
  const statements = [{ sql: 'SELECT 1' }, { sql: 'SELECT ?', args: [true] }];
  const { status, body } = await post('/batch', { statements });
  assert.equal(status, 400);
  assert.equal(body.code, 'ARGUMENTS_INVALID');
  assert.match(String(body.message), /^statements\[1\]\.args\[0\] is a boolean/);
});

test('unknown routes are 404 and wrong methods 405, both saying what there is', async () => {
  const unknown = await get('/nothing');
  assert.equal(unknown.status, 404);
  assert.match(String(unknown.body.message), /POST \/execute/);
  const response = await fetch(urlOf('/execute'));
  assert.equal(response.status, 405);
  assert.equal(response.headers.get('allow'), 'POST');
});

test('a body over the limit is 413, with a length or in chunks', async () => {
  await restart({ bodyBytesMax: 1000 });
  const sql = `SELECT '${'x'.repeat(2000)}'`;
  const whole = await post('/query', { sql });
  assert.equal(whole.status, 413);
  assert.equal(whole.body.code, 'REQUEST_TOO_LARGE');
  const stream = new Blob([JSON.stringify({ sql })]).stream();
  const init = { method: 'POST', body: stream, duplex: 'half' } as RequestInit;
  const chunked = await fetch(urlOf('/query'), init);
  assert.equal(chunked.status, 413);
  const small = new Blob([JSON.stringify({ sql: 'SELECT 1' })]).stream();
  const good = await fetch(urlOf('/query'), {
    method: 'POST',
    body: small,
    duplex: 'half',
  } as RequestInit);
  assert.equal(good.status, 200);
});

test("a query's result over the limit is 413, a write's is delivered", async () => {
  await restart({ resultBytesMax: 1000 });
  const big = "SELECT replace(hex(zeroblob(600)), '00', 'ab') AS x";
  const query = await post('/query', { sql: big });
  assert.equal(query.status, 413);
  assert.equal(query.body.code, 'RESULT_TOO_LARGE');
  const write = await post('/execute', { sql: `INSERT INTO t(x) ${big} RETURNING x` });
  assert.equal(write.status, 200);
});

test('the error category decides the status', async () => {
  const cases: [PacelineError, number][] = [
    [new PacelineError('OVERLOADED', 'x'), 503],
    [new PacelineError('NOT_LEADER', 'x'), 421],
    [new PacelineError('OUTCOME_UNKNOWN', 'x'), 504],
    [new PacelineError('DISK_FULL', 'x'), 500],
    [new PacelineError('TRANSACTION_TOO_LARGE', 'x'), 413],
    [new PacelineError('CLOSED', 'x'), 503],
  ];
  for (const [error, status] of cases) {
    database.failures.push(error);
    if (status === 421) database.failures.push(error); // fetch asks once more after a 421
    const answer = await post('/execute', { sql: 'SELECT 1' });
    assert.equal(answer.status, status, error.code);
    assert.deepEqual(answer.body, { code: error.code, category: error.category, message: 'x' });
    assert.equal(answer.headers.get('retry-after'), status === 503 ? '1' : null);
  }
});

test('an unforeseen error is logged and hidden', async () => {
  const lines: string[] = [];
  const quiet = () => {};
  const error = (_fields: object, message: string) => lines.push(message);
  await restart({ logger: { debug: quiet, info: quiet, warn: quiet, error } });
  database.failures.push(new TypeError('the inside of it'));
  const { status, body } = await post('/query', { sql: 'SELECT 1' });
  assert.equal(status, 500);
  assert.equal(body.code, 'INTERNAL');
  assert.doesNotMatch(JSON.stringify(body), /inside/);
  assert.match(lines.join(), /the inside of it/);
});

test('more requests than allowed are answered with OVERLOADED; /health still answers', async () => {
  await restart({ requestsMax: 2 });
  const release = database.hold();
  const running = [1, 2].map((n) => post('/query', { sql: `SELECT ${n}` }));
  await poll(() => database.waiting === 2);
  const refused = await post('/query', { sql: 'SELECT 3' });
  assert.equal(refused.status, 503);
  assert.equal(refused.body.code, 'OVERLOADED');
  assert.equal((await get('/health')).status, 200);
  release();
  for (const answer of await Promise.all(running)) assert.equal(answer.status, 200);
  assert.equal((await post('/query', { sql: 'SELECT 4' })).status, 200);
});

test('more bytes of bodies than allowed are answered with OVERLOADED', async () => {
  await restart({ bodiesBytesMax: 100 });
  const release = database.hold();
  const first = post('/query', { sql: `SELECT '${'x'.repeat(200)}'` }); // alone, so let in
  await poll(() => database.waiting === 1);
  assert.equal((await post('/query', { sql: 'SELECT 1' })).body.code, 'OVERLOADED');
  release();
  assert.equal((await first).status, 200);
});

test('a web page of another origin is refused, one of this origin is not', async () => {
  const request = { sql: 'SELECT 1' };
  const foreign = await post('/execute', request, { origin: 'http://evil.example' });
  assert.equal(foreign.status, 400);
  assert.match(String(foreign.body.message), /another origin/);
  const own = await post('/execute', request, { origin: `http://${server.address}` });
  assert.equal(own.status, 200);
});

test('close waits for running requests and for nothing else', async () => {
  const release = database.hold();
  const running = post('/execute', { sql: "INSERT INTO t(x) VALUES('kept')" });
  await poll(() => database.waiting === 1);
  const idle = await openSocket(server.address);
  const idleEnds = once(idle, 'close');
  const closing = server.close();
  await idleEnds;
  await assert.rejects(fetch(urlOf('/health')), 'nothing new is accepted');
  release();
  const answer = await running;
  assert.equal(answer.status, 200);
  await closing;
  await server.close(); // again: the same
});

test('close cuts a request that outlasts its time', async () => {
  await restart({ closeTimeoutMs: 20 });
  const release = database.hold();
  const running = post('/query', { sql: 'SELECT 1' });
  const cut = assert.rejects(running);
  await poll(() => database.waiting === 1);
  await server.close();
  await cut;
  release();
});

test('a request whose client goes away half-way frees its place', async () => {
  await restart({ requestsMax: 1 });
  const socket = await openSocket(server.address);
  socket.write('POST /query HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"sql"');
  await poll(async () => (await post('/query', { sql: 'SELECT 1' })).status === 503);
  socket.destroy();
  await poll(async () => (await post('/query', { sql: 'SELECT 1' })).status === 200);
});

test('a broken request line does not harm the server', async () => {
  const socket = await openSocket(server.address);
  socket.end('GARBAGE\r\n\r\n');
  await once(socket, 'close');
  assert.equal((await get('/health')).status, 200);
});

test('an address in use, and one that is none, are refused', async () => {
  await assert.rejects(startHttp(database, { listen: server.address }), { code: 'ADDRESS_IN_USE' });
  const invalid = { code: 'OPTIONS_INVALID' };
  await assert.rejects(startHttp(database, { listen: 'nowhere' }), invalid);
  await assert.rejects(startHttp(database, { listen: '192.0.2.1:0' }), invalid);
  await assert.rejects(startHttp(database, { listen: '127.0.0.1:0', requestsMax: 0 }), invalid);
});
