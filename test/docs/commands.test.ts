import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { encodeLostFile } from '../../src/member/lost-file.ts';
import { MAIN } from '../cli/run-cli.ts';
import { freeAddresses } from '../cluster/addresses.ts';
import { type Block, blocksOf, DOCUMENTS, substitute } from './blocks.ts';

const IDS = ['a', 'b', 'c'] as const;
const PATIENCE_MS = 120_000;
/** In a shell, as a user has them. */
const COMMANDS = `
  paceline() { "$NODE" "$MAIN" "$@"; }
  curl() { command curl --silent --show-error --fail "$@"; echo; }`;

let dir: string;
let words: Record<string, string>;
/** By the member's id. */
const children = new Map<string, ChildProcess>();

/** The commands with this cluster's addresses and directories; a placeholder in capitals is a word of the document's too. */
const shell = (block: Block, more: Record<string, string> = {}) =>
  substitute(block.text, { ...words, ...more });

function run(block: Block, more: Record<string, string> = {}): string {
  const script = `set -e\n${COMMANDS}\n${shell(block, more)}`;
  const { status, stdout, stderr } = spawnSync('sh', ['-c', script], {
    ...{ cwd: dir, encoding: 'utf8', timeout: PATIENCE_MS, input: '' },
    env: {
      ...process.env,
      NODE: process.execPath,
      MAIN,
      PACELINE_URL: words['http://10.0.0.1:4000'],
    },
  });
  assert.equal(status, 0, `${block.file}:${block.line}: ${stdout}\n${stderr}`);
  return stdout;
}

const [serve, sql, status, verify] = blocksOf('docs/cli.md', 'sh');
const [config] = blocksOf('docs/cli.md', 'json');

/** The document's words for member a, as another member says them. */
function asMember(id: string, text: string): string {
  const n = IDS.indexOf(id as 'a') + 1;
  return text
    .replace('--id a', `--id ${id}`)
    .replace('"id": "a"', `"id": "${id}"`)
    .replace('10.0.0.1:4000', `10.0.0.${n}:4000`)
    .replace('/var/lib/paceline', `/var/lib/paceline/${id}`);
}

/** Resolves when it says that it serves. */
async function start(id: string, command: string): Promise<void> {
  const script = `paceline() { exec "$NODE" "$MAIN" "$@"; }\n${command}`;
  const child = spawn('sh', ['-c', script], {
    ...{ cwd: dir, stdio: ['ignore', 'pipe', 'pipe'] },
    env: { ...process.env, NODE: process.execPath, MAIN },
  });
  children.set(id, child);
  const stderr = text(child.stderr!);
  const ready = once(createInterface({ input: child.stdout! }), 'line').then(() => true);
  const ended = once(child, 'exit').then(() => false);
  assert.ok(
    await Promise.race([ready, ended]),
    `${command}: ${await Promise.race([stderr, ready])}`,
  );
}

before(async () => {
  dir = mkdtempSync(join(tmpdir(), 'paceline-docs-'));
  const members = await freeAddresses(['10.0.0.1:7000', '10.0.0.2:7000', '10.0.0.3:7000']);
  const http = await freeAddresses(['10.0.0.1:4000', '10.0.0.2:4000', '10.0.0.3:4000']);
  words = {
    ...{ ...members, ...http, '127.0.0.1:4000': http['10.0.0.1:4000']! },
    ...{ '/var/lib/': `${dir}/`, '/etc/paceline/': `${dir}/`, '/backup/': `${dir}/paceline/` },
    'http://10.0.0.1:4000': `http://${http['10.0.0.1:4000']}`,
  };
  writeFileSync(join(dir, 'secret'), 'a secret for the members of the documents', { mode: 0o600 });
  writeFileSync(join(dir, 'script.sql'), "INSERT INTO people(name) VALUES ('Ann');\nSELECT 1;");
  writeFileSync(join(dir, 'config.json'), substitute(asMember('c', config!.text), words));
  await Promise.all([
    ...['a', 'b'].map((id) => start(id, substitute(asMember(id, serve!.text), words))),
    start('c', 'paceline serve --config config.json'),
  ]);
});

async function stop(id: string, signal: NodeJS.Signals): Promise<void> {
  const child = children.get(id);
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  await once(child, 'exit');
}

after(async () => {
  for (const id of IDS) await stop(id, 'SIGKILL');
  rmSync(dir, { recursive: true, force: true });
});

test('every block of code in the documents is of a kind that a test runs', () => {
  const kinds = DOCUMENTS.flatMap((file) => blocksOf(file)).map((b) => `${b.file} ${b.language}`);
  assert.deepEqual([...new Set(kinds)].sort(), [
    'README.md ', // the list of folders
    'README.md js',
    'README.md sh',
    'docs/cli.md json',
    'docs/cli.md sh',
    'docs/clients-in-process.md ts',
    'docs/http.md js',
    'docs/http.md json',
    'docs/http.md sh',
    'docs/reads.md js',
    'docs/writes.md sh',
    'docs/writes.md ts',
  ]);
});

test('README: every npm command is one that the package has', () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
  const lines = blocksOf('README.md', 'sh').flatMap((block) => block.text.trim().split('\n'));
  for (const line of lines) {
    const name = /^npm (?:run )?(\w+)/.exec(line)?.[1];
    assert.ok(name === 'ci' || Object.hasOwn(scripts, name ?? ''), line);
  }
});

test('docs/http.md: requests with curl', () => {
  const [requests] = blocksOf('docs/http.md', 'sh');
  const answers = run(requests!).trim().split('\n');
  const [, insert, query, batch, last] = answers.map((line) => JSON.parse(line));
  assert.equal(insert.changes, 1);
  assert.deepEqual(query.rows, [[1, 'Ann']]);
  assert.equal(batch.results.length, 2);
  assert.equal(last.id, 'a');
});

test('docs/http.md: what an error looks like', async () => {
  const [example] = blocksOf('docs/http.md', 'json');
  const insert = "INSERT INTO people(name) VALUES ('Cid')";
  // An error of the second of two statements, of which nothing is kept.
  const post = async (...statements: readonly string[]) => {
    const body = JSON.stringify({ statements: statements.map((text) => ({ sql: text })) });
    const url = `${words['http://10.0.0.1:4000']}/batch`;
    return (await fetch(url, { method: 'POST', body })).json();
  };
  await post('CREATE UNIQUE INDEX people_by_name ON people(name)');
  const again = await post(insert, insert);
  await post('DROP INDEX people_by_name');
  assert.deepEqual(again, JSON.parse(example!.text));
});

test('docs/http.md: the client', () => {
  const [program] = blocksOf('docs/http.md', 'js');
  const file = join(dir, 'client.mjs');
  const client = new URL('../../src/client/client.js', import.meta.url).href;
  writeFileSync(
    file,
    `${shell(program!, { 'paceline/client': client })}\nconsole.log(rows.length);`,
  );
  const { stdout, stderr } = spawnSync(process.execPath, [file], { encoding: 'utf8' });
  assert.match(stdout, /^\d+\n$/, stderr);
});

test('docs/cli.md: sql and status', () => {
  assert.match(run(sql!), /Ann[\s\S]*\[\[\d+\]\][\s\S]*1 row changed/);
  assert.match(run(status!), /^member +a of cluster/);
});

test('docs/cli.md and docs/writes.md: verify and lost, when the members are stopped', async () => {
  // The leader last: then nothing is committed while they go.
  const response = await fetch(`${words['http://10.0.0.1:4000']}/status`);
  const { leader } = (await response.json()) as { leader: string };
  for (const id of [...IDS.filter((one) => one !== leader), leader]) await stop(id, 'SIGTERM');
  assert.match(run(verify!), /a: term/);
  const name = '1-2.lost';
  const lost = join(dir, 'paceline/a/lost');
  mkdirSync(lost, { recursive: true });
  const position = { term: 1, index: 1 };
  const file = { cluster: 'c', member: 'a', common: position, pageSize: 4096, omitted: 0 };
  writeFileSync(join(lost, name), encodeLostFile({ ...file, entries: [], rows: [], untold: [] }));
  const [commands] = blocksOf('docs/writes.md', 'sh');
  const said = run(commands!, { DIR: join(dir, 'paceline/a'), NAME: name });
  assert.match(said, /1-2\.lost {2}transactions 0[\s\S]*lost writes of member a/);
});
