import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, test } from 'node:test';
import { createClient } from '../../src/client/client.ts';
import { MAIN, runCli } from './run-cli.ts';

interface Serving {
  readonly child: ChildProcess;
  readonly ready: { id: string; listen: string; http: string; pid: number };
  readonly url: string;
  readonly stderr: Promise<string>;
}

let dir: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'paceline-serve-'));
});

afterEach(async () => {
  for (const child of children.splice(0)) {
    const running = child.exitCode === null && child.signalCode === null;
    if (!running) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  rmSync(dir, { recursive: true });
});

const data = () => join(dir, 'data');
const flags = () => ['--dir', data(), '--id', 'a', '--listen', '127.0.0.1:0'];

/** Starts a member as an operator would, and waits for its ready line. */
async function serve(...more: string[]): Promise<Serving> {
  const args = ['serve', ...flags(), '--http', '127.0.0.1:0', ...more];
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  const stderr = text(child.stderr!);
  const lines = createInterface({ input: child.stdout! });
  const line = await Promise.race([once(lines, 'line'), once(child, 'exit').then(() => null)]);
  if (line === null) assert.fail(`it did not start: ${await stderr}`);
  const ready = JSON.parse(String(line[0]));
  return { child, ready, url: `http://${ready.http}`, stderr };
}

async function stop({ child }: Serving): Promise<number | null> {
  child.kill('SIGTERM');
  const [code] = await once(child, 'exit');
  return code;
}

test('serve says when it is ready, takes writes, stops on SIGTERM and keeps the data', async () => {
  const first = await serve();
  assert.equal(first.ready.id, 'a');
  assert.equal(first.ready.pid, first.child.pid);
  const client = createClient(first.url);
  await client.execute('CREATE TABLE t(x)');
  const written = await client.execute('INSERT INTO t VALUES(?)', ['kept'], { id: 'one' });
  await client.close();
  assert.equal(await stop(first), 0);
  const second = await serve();
  const again = createClient(second.url);
  const repeated = await again.execute('INSERT INTO t VALUES(?)', ['kept'], { id: 'one' });
  assert.deepEqual(repeated.position, written.position);
  assert.deepEqual((await again.query('SELECT x FROM t')).rows, [['kept']]);
  await again.close();
  assert.equal(await stop(second), 0);
});

test("a stopped member's files can be verified and dumped, a running one's cannot be verified", async () => {
  const member = await serve();
  const client = createClient(member.url);
  const { position } = await client.execute('CREATE TABLE t(x)');
  await client.close();
  assert.match((await runCli(['verify', data()])).stderr, /DIRECTORY_IN_USE/);
  await stop(member);
  const { stdout, code } = await runCli(['verify', data(), '--json']);
  assert.equal(code, 0);
  assert.deepEqual(JSON.parse(stdout).databases[0].position, position);
  const segment = readdirSync(join(data(), 'log')).find((name) => name.endsWith('.log'));
  const log = join(data(), 'log', String(segment));
  const entries = await runCli(['dump', 'log', log]);
  assert.match(entries.stdout, new RegExp(`entry ${position.index}@${position.term}`));
  const redo = await runCli(['dump', 'redo', log, '--index', String(position.index)]);
  assert.match(redo.stdout, /^redo {2}\d+ pages/m);
  assert.match(redo.stdout, /^page 1 /m);
  const none = await runCli(['dump', 'redo', log, '--index', '999']);
  assert.equal(none.code, 2);
  assert.match(none.stderr, /has no entry 999/);
});

test('settings come from the file, flags go first, and logs have the wanted level', async () => {
  const config = join(dir, 'config.json');
  const http = { http: '127.0.0.1:1', httpLimits: { bodyBytesMax: 500 } };
  writeFileSync(config, JSON.stringify({ cluster: 'shop', logLevel: 'debug', ...http }));
  const member = await serve('--config', config, '--log-level', 'silent', '--set', 'batchMs=1');
  const client = createClient(member.url);
  await assert.rejects(client.query(`SELECT '${'x'.repeat(600)}'`), { code: 'REQUEST_TOO_LARGE' });
  await client.close();
  await stop(member);
  assert.equal(await member.stderr, '');
});

test('a secret file that others can read gives a warning', async () => {
  const secret = join(dir, 'secret');
  writeFileSync(secret, 'x'.repeat(40), { mode: 0o644 });
  const member = await serve('--secret-file', secret);
  await stop(member);
  const logged = await member.stderr;
  assert.match(logged, /other users can read the secret file/);
  const lines = logged.trimEnd().split('\n');
  assert.ok(lines.some((line) => /"msg":"a leads"/.test(line)));
  for (const line of lines) {
    assert.match(line, /^\{"level":"(info|warn)","time":"\d{4}-[^"]*Z",/);
    assert.equal(line.split('"member":').length, 2, line);
    assert.equal(JSON.parse(line).member, 'a');
  }
});

test('a start that is refused says why and exits with the code for it', async () => {
  const member = await serve();
  const inUse = await runCli(['serve', ...flags()]);
  assert.equal(inUse.code, 3);
  assert.match(inUse.stderr, /^paceline: DIRECTORY_IN_USE: /m);
  await stop(member);
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const { port } = taken.address() as { port: number };
  const address = await runCli(['serve', ...flags(), '--http', `127.0.0.1:${port}`]);
  assert.equal(address.code, 3);
  assert.match(address.stderr, /^paceline: ADDRESS_IN_USE: /m);
  const fresh = join(dir, 'fresh');
  for (const what of [['--http'], ['--http', '127.0.0.1:0', '--listen']]) {
    const flags = ['--dir', fresh, '--id', 'a', ...what, `127.0.0.1:${port}`];
    const first = await runCli(['serve', ...flags]);
    assert.match(first.stderr, /^paceline: ADDRESS_IN_USE: /m);
    assert.equal(existsSync(fresh), false, 'no member is begun');
  }
  taken.close();
  const options = await runCli(['serve', '--dir', data(), '--id', 'not an id']);
  assert.equal(options.code, 2);
  assert.match(options.stderr, /^paceline: OPTIONS_INVALID: "id"/m);
  const nameless = await runCli(['serve', '--dir', data()]);
  assert.equal(nameless.code, 2);
  assert.match(nameless.stderr, /it takes --id ID/);
  const other = await runCli(['serve', '--dir', data(), '--id', 'b']);
  assert.match(other.stderr, /^paceline: DIRECTORY_OF_ANOTHER: /m);
  assert.equal(other.stdout, '');
});

test('signals that come together are one, as npx and `timeout` send them, and the member stops cleanly', async () => {
  const member = await serve('--log-level', 'silent');
  const code = once(member.child, 'exit');
  member.child.kill('SIGSTOP'); // so that both wait for it
  member.child.kill('SIGTERM');
  member.child.kill('SIGINT');
  member.child.kill('SIGCONT');
  assert.deepEqual(await code, [0, null]);
});

test('a second signal, when the first has not helped for a while, stops at once', async () => {
  const config = join(dir, 'config.json');
  writeFileSync(config, JSON.stringify({ httpLimits: { closeTimeoutMs: 600_000 } }));
  const member = await serve('--log-level', 'silent', '--config', config);
  const [host, port] = member.ready.http.split(':');
  const socket = connect(Number(port), host);
  socket.on('error', () => {}); // it is cut
  // A request that does not come to its end keeps the member from stopping.
  socket.write('POST /execute HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{');
  await once(socket, 'connect');
  await fetch(`${member.url}/health`); // by now it has seen that request
  const code = once(member.child, 'exit');
  const again = setInterval(() => member.child.kill('SIGINT'), 100);
  assert.deepEqual(await code, [null, 'SIGKILL']);
  clearInterval(again);
  socket.destroy();
});

test('--import beside a database that is there already imports nothing, and says so', async () => {
  await stop(await serve());
  const again = await serve('--import', join(dir, 'nowhere.db'));
  await stop(again);
  assert.match(await again.stderr, /has a database already: nothing is imported/);
});

test('an HTTP address that is none is refused before anything is made', async () => {
  const { code, stderr } = await runCli(['serve', '--dir', data(), '--id', 'a', '--http', '4000']);
  assert.equal(code, 2);
  assert.match(stderr, /"http": address "4000": it is not host:port/);
  assert.deepEqual(readdirSync(dir), []);
});
