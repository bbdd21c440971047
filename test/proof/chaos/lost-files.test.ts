import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ChaosCluster } from '../../../proof/chaos/cluster.ts';
import {
  judgeLostFiles,
  judgeLostReports,
  putLostFilesAside,
} from '../../../proof/chaos/lost-files.ts';
import type { Told } from '../../../proof/chaos/told.ts';
import { layoutOf } from '../../../src/member/directory.ts';
import { saveLostFile } from '../../../src/member/lost-directory.ts';
import { encodeLostFile, type LostEntry } from '../../../src/member/lost-file.ts';
import { append, done } from '../notation.ts';

const CLI = fileURLToPath(new URL('../../../src/cli/main.js', import.meta.url));

/** Members that never start: their directories are looked at. */
async function stoppedCluster(t: TestContext): Promise<ChaosCluster> {
  const dir = mkdtempSync(join(tmpdir(), 'paceline-lost-'));
  const cluster = await ChaosCluster.make(dir, CLI, ['a', 'b', 'c'], {});
  for (const { settings } of cluster.members) makeDirectory(settings.dir);
  t.after(async () => {
    await cluster.destroy();
    rmSync(dir, { recursive: true });
  });
  return cluster;
}

/** As `paceline lost` knows a member's directory. */
function makeDirectory(dir: string): void {
  mkdirSync(dir);
  writeFileSync(layoutOf(dir).identity, '{}');
}

/** Acknowledged by `a` alone at 2.5, at a time that any damage comes after. */
const WRITE: Told = {
  ...done([0, 1], append(7), null, { index: 5, term: 2 }),
  ...{
    id: 'w1',
    durability: 'local',
    mayHaveAsked: ['local'],
    style: 'plain',
    error: null,
    ofHandle: false,
  },
  reached: { committed: false, members: ['a'] },
};

function save(
  cluster: ChaosCluster,
  id: string,
  entry: Partial<LostEntry>,
  value: number | Uint8Array = 7,
): void {
  const bytes = encodeLostFile({
    ...{
      cluster: 'c',
      member: id,
      common: { term: 1, index: 4 },
      pageSize: 512,
      omitted: 0,
      untold: [],
    },
    entries: [
      {
        ...{ id: { term: 2, index: 5 }, mayBeAcknowledged: true, payload: new Uint8Array(3) },
        pages: new Map([[2, new Uint8Array(512)]]),
        ...entry,
      },
    ],
    untold: [],
    rows: [
      {
        ...{ table: 'list', rowid: 1, columns: ['n', 'key', 'value'], before: null },
        after: [1, 0, value],
      },
    ],
  });
  saveLostFile(layoutOf(cluster.member(id).settings.dir).lost, '1.5-2.5.lost', bytes);
}

test('a discarded write is in a file, with its position and its row', async (t) => {
  const cluster = await stoppedCluster(t);
  const judge = () => judgeLostFiles(cluster, CLI, [WRITE]);
  assert.match(judge().violations.join(), /I10: a discarded write .* is in no file/);
  save(cluster, 'a', {});
  assert.deepEqual(judge(), { violations: [], files: 1, excused: 0 });
  save(cluster, 'a', { id: { term: 1, index: 5 } });
  assert.match(judge().violations.join(), /is in no file/);
  save(cluster, 'a', { mayBeAcknowledged: false });
  assert.match(judge().violations.join(), /as one that was not acknowledged/);
  save(cluster, 'a', {}, 8);
  assert.match(judge().violations.join(), /its row is not told/);
  save(cluster, 'a', { pages: new Map() }, 8);
  assert.deepEqual(judge().violations, []);
});

test('a row of megabytes is shown whole', async (t) => {
  const cluster = await stoppedCluster(t);
  save(cluster, 'a', {}, new Uint8Array(2 * 2 ** 20));
  assert.deepEqual(judgeLostFiles(cluster, CLI, []).violations, []);
});

test('a member has to tell of as many files as it has', async (t) => {
  const cluster = await stoppedCluster(t);
  save(cluster, 'b', {});
  const found = await judgeLostReports(cluster);
  assert.equal(found.length, 3);
  assert.match(found[1]!, /^I10: b has 1 files of lost writes, and tells of undefined/);
});

test('it may be missing only if every member that had it lost the end of its log afterwards', async (t) => {
  const cluster = await stoppedCluster(t);
  const both = { ...WRITE, reached: { committed: false, members: ['a', 'b'] } };
  cluster.noteDestroyed('a');
  assert.deepEqual(judgeLostFiles(cluster, CLI, [WRITE]), {
    ...{ violations: [], files: 0, excused: 1 },
  });
  assert.equal(judgeLostFiles(cluster, CLI, [both]).violations.length, 1);
  cluster.noteDestroyed('b');
  assert.equal(judgeLostFiles(cluster, CLI, [both]).excused, 1);
  const later = { ...WRITE, returned: Number.MAX_SAFE_INTEGER };
  assert.equal(judgeLostFiles(cluster, CLI, [later]).violations.length, 1);
});

test('files that were put aside before a directory was emptied count', async (t) => {
  const cluster = await stoppedCluster(t);
  save(cluster, 'a', {});
  putLostFilesAside(cluster, 'a');
  const { dir } = cluster.member('a').settings;
  rmSync(dir, { recursive: true });
  makeDirectory(dir);
  const { violations, files } = judgeLostFiles(cluster, CLI, [WRITE]);
  assert.deepEqual([violations, files], [[], 1]);
});
