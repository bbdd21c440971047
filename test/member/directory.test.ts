import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { open, PacelineError } from '../../src/index.ts';
import { Local } from './fixture.ts';

const WITH_A_ROW = ['CREATE TABLE t(x)', "INSERT INTO t VALUES ('kept')"];

/** The directory of a member that has run and has a row. */
async function used(local: Local): Promise<string> {
  const db = await local.open();
  for (const sql of WITH_A_ROW) await db.execute(sql);
  await db.close();
  return local.dir('a');
}

async function refusal(local: Local): Promise<PacelineError> {
  const error = await local.open().then(
    () => assert.fail('it opened'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof PacelineError);
  return error;
}

for (const folder of ['log', 'db'])
  test(`a directory with a ${folder} of something else is refused, and nothing in it changes`, async (t) => {
    const local = new Local(t);
    const theirs = join(local.dir('a'), folder, 'theirs');
    mkdirSync(join(theirs, '..'), { recursive: true });
    writeFileSync(theirs, 'data of another program');
    const error = await refusal(local);
    assert.equal(error.code, 'DIRECTORY_OF_ANOTHER');
    assert.match(error.message, /give a new member an empty directory/);
    assert.equal(readFileSync(theirs, 'utf8'), 'data of another program');
    assert.deepEqual(readdirSync(local.dir('a')), [folder]);
  });

test('a member that lost its identity file keeps its data, and the error tells how to write the file again', async (t) => {
  const local = new Local(t);
  const identity = join(await used(local), 'member.json');
  rmSync(identity);
  const { code, message } = await refusal(local);
  assert.equal(code, 'DIRECTORY_OF_ANOTHER');
  writeFileSync(identity, /write it again: (\{.*\})/.exec(message)![1]!);
  const db = await local.open();
  assert.deepEqual((await db.query('SELECT x FROM t')).rows, [['kept']]);
});

test('a damaged identity file is refused with what it has to say', async (t) => {
  const local = new Local(t);
  const identity = join(await used(local), 'member.json');
  const text = readFileSync(identity, 'utf8').trim();
  writeFileSync(identity, '{"format":');
  const { code, message } = await refusal(local);
  assert.equal(code, 'IO');
  assert.ok(message.includes(`write it again: ${text}`), message);
  writeFileSync(identity, '{"format":2}');
  assert.match((await refusal(local)).message, /start it with the version that made it/);
});

test('what an interrupted first start left is made anew', async (t) => {
  const local = new Local(t);
  const dir = await used(local);
  renameSync(join(dir, 'member.json'), join(dir, 'member.json.unfinished'));
  rmSync(join(dir, 'log', 'base'));
  const db = await local.open();
  await db.execute('CREATE TABLE t(y)');
});

test('a file that cannot be imported leaves a directory for another try', async (t) => {
  const local = new Local(t);
  const file = join(local.base, 'no-database');
  writeFileSync(file, 'text '.repeat(200));
  await assert.rejects(local.open({ import: file }), { code: 'IMPORT_INVALID' });
  await local.open();
});

const NO_DIRECTORY =
  /^cannot make the directory .*; name a directory, not a file, in a place where/;

test('a directory that cannot be made, or is a file, is refused at once, and nothing is made on the way to it', async (t) => {
  const local = new Local(t);
  const file = local.dir('file');
  writeFileSync(file, 'of somebody');
  symlinkSync(local.dir('nowhere'), local.dir('link'));
  const inside = local.dir('new');
  const long = join(inside, 'deeper', 'x'.repeat(300));
  for (const dir of ['/proc/x', '/proc/x/y', file, join(file, 'x'), local.dir('link'), long]) {
    const error = await open({ dir, id: 'a' }).catch((reason: unknown) => reason);
    assert.ok(error instanceof PacelineError && error.code === 'IO', `${dir}: ${error}`);
    assert.match(error.message, NO_DIRECTORY);
  }
  assert.equal(existsSync(inside), false);
  assert.equal(readFileSync(file, 'utf8'), 'of somebody');
});
