import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { encodeLostFile, type LostFile } from '../../src/member/lost-file.ts';
import { runCli } from './run-cli.ts';

const NAME = '2-7.lost';
const LOST: LostFile = {
  ...{
    cluster: 'c',
    member: 'a',
    common: { term: 1, index: 6 },
    pageSize: 4096,
    omitted: 2,
    untold: [],
  },
  entries: [
    {
      id: { term: 2, index: 7 },
      mayBeAcknowledged: true,
      pages: new Map([[3, new Uint8Array(4096)]]),
      payload: new Uint8Array(10),
    },
  ],
  rows: [
    {
      ...{ table: 'people', rowid: 4n, columns: ['id', 'name'] },
      ...{ before: null, after: [4, 'Ann'] },
    },
  ],
  untold: [],
};

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'paceline-lost-'));
  writeFileSync(join(dir, 'member.json'), '{}');
});

afterEach(() => rmSync(dir, { recursive: true }));

test('what a failover discarded is listed, shown and discarded', async () => {
  mkdirSync(join(dir, 'lost'));
  writeFileSync(join(dir, 'lost', NAME), encodeLostFile(LOST));
  const listed = await runCli(['lost', 'list', dir]);
  assert.equal(listed.stdout, `${NAME}  transactions 3, perhaps acknowledged 1, rows 1\n`);
  const shown = await runCli(['lost', 'show', dir, NAME]);
  assert.match(shown.stdout, /^2\.7, perhaps acknowledged, 10 bytes of log, pages 3$/m);
  assert.match(shown.stdout, /^inserted people rowid 4: \{"id":4,"name":"Ann"\}$/m);
  const file = await runCli(['dump', 'lost', join(dir, 'lost', NAME)]);
  assert.equal(file.stdout, shown.stdout);
  assert.equal((await runCli(['lost', 'discard', dir, NAME])).code, 0);
  assert.deepEqual(await runCli(['lost', 'list', dir]), {
    ...{ code: 0, stdout: '', stderr: `no lost writes in ${dir}\n` },
  });
});

test('a name that is not there, and a directory that is no member’s, are errors', async () => {
  for (const command of ['show', 'discard']) {
    const { code, stderr } = await runCli(['lost', command, dir, '../member.json']);
    assert.equal(code, 2);
    assert.match(stderr, /there is no \.\.\/member\.json in .*lost list/);
  }
  const elsewhere = await runCli(['lost', 'list', join(dir, 'nowhere')]);
  assert.equal(elsewhere.code, 2);
  assert.match(elsewhere.stderr, /is not a member's directory/);
});
