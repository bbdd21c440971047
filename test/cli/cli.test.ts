import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { VERSION } from '../../src/cli/version.ts';
import { type HttpServer, startHttp } from '../../src/server/http.ts';
import { PlainDatabase } from '../server/plain-database.ts';
import { makeMemberDirectory } from './member-directory.ts';
import { runCli } from './run-cli.ts';

let database: PlainDatabase;
let server: HttpServer;
let url: string;

before(async () => {
  database = new PlainDatabase();
  server = await startHttp(database, { listen: '127.0.0.1:0' });
  url = `http://${server.address}`;
  await database.execute('CREATE TABLE people(id INTEGER PRIMARY KEY, name TEXT UNIQUE)');
});

after(async () => {
  await server.close();
  await database.close();
});

const sql = (...args: string[]) => runCli(['sql', '--url', url, ...args]);

test('the version is that of the package', async () => {
  assert.equal(JSON.parse(readFileSync('package.json', 'utf8')).version, VERSION);
  const { code, stdout } = await runCli(['--version']);
  assert.deepEqual([code, stdout], [0, `${VERSION}\n`]);
});

test('sql writes through /execute and reads through /query', async () => {
  const insert = 'INSERT INTO people(name) VALUES(?)';
  const written = await sql(insert, '--arg', '"Ann"');
  assert.equal(written.stderr, '');
  assert.match(written.stdout, /^1 row changed, last rowid 1, committed at term 1, index \d+$/m);
  const read = await sql(
    'SELECT * FROM people WHERE name = ? AND ? IS NULL',
    '--arg',
    '"Ann"',
    '--arg',
    'null',
  );
  assert.equal(read.stdout, 'id │ name\n───┼─────\n 1 │ Ann\n(1 row)\n');
  assert.equal(read.code, 0);
});

test('sql --json prints the JSON form', async () => {
  const { stdout } = await sql("SELECT x'00ff' AS b, 9223372036854775807 AS i", '--json');
  assert.deepEqual(JSON.parse(stdout), {
    columns: ['b', 'i'],
    rows: [[{ $blob: 'AP8=' }, { $integer: '9223372036854775807' }]],
  });
});

test('an SQL error goes to stderr and exits 3', async () => {
  const { code, stdout, stderr } = await sql('SELECT nope');
  assert.deepEqual([code, stdout], [3, '']);
  assert.match(stderr, /^paceline: SQL: no such column: nope \(SQLITE_ERROR\)$/m);
});

test('an argument that is not JSON says how to write it', async () => {
  const { code, stderr } = await sql('SELECT ?', '--arg', 'Ann');
  assert.equal(code, 2);
  assert.match(stderr, /--arg 1 is not JSON.*'"text"'/);
});

test('a script on stdin runs statement by statement and stops at the first error', async () => {
  const script = `CREATE TABLE s(x); -- ; not here
    INSERT INTO s VALUES(';
two lines');
    SELECT count(*) AS n FROM s; SELECT oops; INSERT INTO s VALUES(2);`;
  const { code, stdout, stderr } = await runCli(['sql', '--url', url, '--json'], script);
  assert.equal(code, 3);
  assert.match(stderr, /no such column: oops/);
  assert.deepEqual(JSON.parse(stdout.trim().split('\n').at(-1)!).rows, [[1]]);
  assert.deepEqual((await database.query('SELECT x FROM s')).rows, [[';\ntwo lines']]);
});

test('the last statement of a script may lack its semicolon', async () => {
  const { code, stdout } = await runCli(['sql', '--url', url, '--json'], 'SELECT 1 AS a');
  assert.deepEqual([code, JSON.parse(stdout)], [0, { columns: ['a'], rows: [[1]] }]);
});

test('dot commands list tables, their schema and the status', async () => {
  const { stdout, code } = await runCli(
    ['sql', '--url', url],
    '.tables\n.schema PEOPLE\n.status\n.help\n.quit\nSELECT oops;\n',
  );
  assert.equal(code, 0);
  assert.match(stdout, /^people$/m);
  assert.match(stdout, /^CREATE TABLE people\(id INTEGER PRIMARY KEY, name TEXT UNIQUE\);$/m);
  assert.match(stdout, /^member +a of cluster test$/m);
  assert.match(stdout, /\.quit/);
  const unknown = await runCli(['sql', '--url', url], '.nothing\n');
  assert.match(unknown.stderr, /there is no \.nothing; type \.help/);
});

test('status shows the member and the cluster, or JSON', async () => {
  const { code, stdout } = await runCli(['status', '--url', url]);
  assert.equal(code, 0);
  assert.match(stdout, /^role +leader in term 1$/m);
  assert.match(stdout, /^process +\d+, up 1 min 1 s$/m);
  assert.match(stdout, /^a +│ 127\.0\.0\.1:1 │ leader │ itself/m);
  const json = await runCli(['status', '--url', url, '--json']);
  assert.deepEqual(JSON.parse(json.stdout), JSON.parse(JSON.stringify(await database.status())));
});

test('the next address is used when the first is down', async () => {
  const { code } = await runCli(['status', '--url', `http://${await freeAddress()},${url}`]);
  assert.equal(code, 0);
  const short = url.replace('http://', '');
  assert.equal((await runCli(['status', '--url', `${await freeAddress()},${short}`])).code, 0);
});

test('no member in time exits 4, and a timeout that is no number exits 2', async () => {
  const { code, stderr } = await runCli([
    'sql',
    '--timeout-ms',
    '50',
    '--url',
    `http://${await freeAddress()}`,
    'SELECT 1',
  ]);
  assert.equal(code, 4);
  assert.match(
    stderr,
    /^paceline: NOT_READY: no member answered .*(ECONNREFUSED|no answer in time)/m,
  );
  assert.equal((await sql('SELECT 1', '--timeout-ms', 'soon')).code, 2);
});

test('wrong usage exits 2 and says what is wrong', async () => {
  for (const args of [['nothing'], ['sql', '--nothing'], ['verify'], ['serve', '--set', 'x']]) {
    const { code, stderr, stdout } = await runCli(args);
    assert.deepEqual([code, stdout], [2, ''], args.join(' '));
    assert.notEqual(stderr, '');
  }
});

test('dump wal lists the frames of a WAL', async () => {
  const dir = makeMemberDirectory({ wal: true });
  const { code, stdout } = await runCli(['dump', 'wal', join(dir, 'db', 'main.db-wal')]);
  assert.equal(code, 0);
  assert.match(stdout, /^wal {2}page size 4096/);
  assert.match(stdout, /^frame 1 /m);
  const missing = await runCli(['dump', 'wal', join(dir, 'nothing')]);
  assert.equal(missing.code, 2);
  assert.match(missing.stderr, /cannot open the file.*ENOENT/);
});

/** An address that nothing listens on any more. */
async function freeAddress(): Promise<string> {
  const gone = createServer();
  await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve));
  const { port } = gone.address() as { port: number };
  await new Promise((resolve) => gone.close(resolve));
  return `127.0.0.1:${port}`;
}

test('dump says what to do with a file of another kind', async () => {
  const dir = makeMemberDirectory({ wal: true });
  const segment = join(dir, '1.log');
  writeFileSync(segment, 'PCLNLOG1 and so on');
  const other = join(dir, 'note.txt');
  writeFileSync(other, 'this and that');
  const database = join(dir, 'db', 'main.db');
  const refused: readonly (readonly [format: string, file: string, words: RegExp])[] = [
    ['redo', segment, /is a file of the log: say which entry with --index/],
    ['redo', database, /is not a log entry's payload, but an SQLite database: the sqlite3 shell/],
    ['wal', dir, /is a directory; name a file in it/],
    ['wal', segment, /is not SQLite's WAL, but a segment of .*: paceline dump log .* prints it/],
    ['log', `${database}-wal`, /is not a segment of .*, but SQLite's WAL: paceline dump wal/],
    ['log', other, /does not begin like a segment/],
    ['lost', segment, /is not a file of lost writes, but a segment/],
    ['wal-index', database, /is not SQLite's wal-index, but an SQLite database/],
  ];
  for (const [format, file, words] of refused) {
    const { code, stdout, stderr } = await runCli(['dump', format, file]);
    assert.deepEqual([code, stdout], [2, ''], `${format} ${file}`);
    assert.match(stderr, words);
  }
  const indexed = await runCli(['dump', 'redo', other, '--index', '1']);
  assert.equal(indexed.code, 2);
  assert.match(indexed.stderr, /does not begin like a segment/);
});
