import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { DatabaseSync } from '../../src/sqlite/binding.ts';
import { scribble } from '../cluster/damage.ts';
import { runCli } from './run-cli.ts';

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'paceline-import-'));
});

afterEach(() => rmSync(dir, { recursive: true }));

const source = () => join(dir, 'app.db');

function makeDatabase(sql: string): void {
  const db = new DatabaseSync(source());
  db.exec(sql);
  db.close();
}

const TABLE = `CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT);
  CREATE INDEX t_by_b ON t(b);
  INSERT INTO t(b) WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 2000) SELECT hex(randomblob(40)) FROM c`;

const WITH_COLLATION = `
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.create_collation('GERMAN', lambda a, b: (a > b) - (a < b))
db.execute('CREATE TABLE t(a TEXT COLLATE GERMAN UNIQUE)')
db.commit()
`;

/** What is offered for import, and what the operator reads about it. */
const BAD: Record<string, { make: () => void; says: RegExp }> = {
  'that is damaged': {
    make: () => {
      makeDatabase(TABLE);
      for (let page = 10; page < 40; page += 5) scribble(source(), page * 4096 + 100, 2000);
    },
    says: /damaged|malformed/,
  },
  'that uses an unknown collation': {
    make: () => {
      // As an application makes it that has a collation function of its own.
      const { status, stderr } = spawnSync('python3', ['-c', WITH_COLLATION, source()]);
      assert.equal(status, 0, String(stderr));
    },
    says: /"t" uses the collation GERMAN, .*import a copy without it/,
  },
  'that is no database': {
    make: () => writeFileSync(source(), 'this is a text\n'.repeat(1000)),
    says: /not a database/,
  },
  'that is cut off': {
    make: () => {
      makeDatabase(TABLE);
      writeFileSync(source(), readFileSync(source()).subarray(0, 10_000));
    },
    says: /damaged|malformed/,
  },
  'that was the database of a member': {
    make: () => makeDatabase('CREATE TABLE _paceline(x)'),
    says: /_paceline/,
  },
  'with a trigger that writes to Paceline’s tables': {
    make: () =>
      makeDatabase(
        'CREATE TABLE t(a); CREATE TRIGGER evil AFTER INSERT ON t BEGIN DELETE FROM _paceline; END',
      ),
    says: /cannot be imported: trigger "evil" would write .*"_paceline" is Paceline’s own .*; nothing was changed/,
  },
  'with a foreign key on Paceline’s tables': {
    make: () => makeDatabase('CREATE TABLE t(a REFERENCES _paceline_requests_0(id))'),
    says: /"t" would have a foreign key on "_paceline_requests_0", .* leave the key out; nothing/,
  },
  'that is empty': {
    make: () => writeFileSync(source(), ''),
    says: /it has no bytes in it; name the file that was meant, .*; nothing was changed/,
  },
  'that is a directory': { make: () => mkdirSync(source()), says: /is not a file/ },
  'that cannot be looked at': {
    make: () => symlinkSync(source(), source()),
    says: /cannot be imported: ELOOP/,
  },
  'that is missing': { make: () => {}, says: /no file/ },
};

function fingerprint(): string {
  if (!lstatSync(source(), { throwIfNoEntry: false })?.isFile()) return 'no file';
  return createHash('sha256').update(readFileSync(source())).digest('hex');
}

function serveImporting(into: string) {
  const flags = ['--dir', into, '--id', 'a', '--listen', '127.0.0.1:0', '--http', '127.0.0.1:0'];
  return runCli(['serve', ...flags, '--import', source()]);
}

for (const [what, { make, says }] of Object.entries(BAD))
  test(`a file ${what} is not imported: it says why, leaves nothing behind, and the file as it was`, async () => {
    make();
    const before = fingerprint();
    const data = join(dir, 'data');
    const { code, stdout, stderr } = await serveImporting(data);
    assert.equal(code, 3, stderr);
    assert.equal(stdout, '');
    assert.match(stderr, says);
    assert.ok(stderr.includes(source()), stderr);
    assert.equal(fingerprint(), before);
    const beside = readdirSync(dir).filter((name) => name !== 'app.db');
    assert.deepEqual(beside, [], 'nothing beside the source');
    assert.equal(existsSync(data), false, 'not even the directory');
  });
