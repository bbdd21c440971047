import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DatabaseSync } from '../../src/sqlite/binding.ts';
import { seedPage } from '../../src/sqlite/seed.ts';
import { foreignly } from './foreign.ts';
import { scratch } from './scratch.ts';

const PAGE_SIZES = [512, 1024, 2048, 4096, 8192, 16384, 32768, 65536];

function seeded(pageSize: number): string {
  const path = join(scratch('seed'), 'main.db');
  writeFileSync(path, seedPage(pageSize));
  return path;
}

const USES = [
  'PRAGMA page_size',
  'PRAGMA journal_mode',
  'PRAGMA encoding',
  'PRAGMA page_count',
  'PRAGMA integrity_check',
  'CREATE TABLE t(a)',
  'INSERT INTO t VALUES (1), (2)',
  'SELECT sum(a) FROM t',
  'PRAGMA integrity_check',
];
const answers = (pageSize: number) => [
  [[pageSize]],
  [['wal']],
  [['UTF-8']],
  [[1]],
  [['ok']],
  [],
  [],
  [[3]],
  [['ok']],
];

for (const pageSize of PAGE_SIZES) {
  test(`another SQLite opens the seed page and writes to it: pages of ${pageSize}`, () => {
    assert.deepEqual(foreignly(seeded(pageSize), ...USES), answers(pageSize));
  });

  test(`our SQLite does, too: pages of ${pageSize}`, () => {
    const db = new DatabaseSync(seeded(pageSize), { returnArrays: true });
    assert.deepEqual(
      USES.map((sql) => db.prepare(sql).all()),
      answers(pageSize),
    );
    db.close();
  });
}

test('SQLite finds nothing to repair: a checkpoint of the untouched page leaves it as it is', () => {
  for (const pageSize of PAGE_SIZES) {
    const path = seeded(pageSize);
    foreignly(path, 'SELECT * FROM sqlite_schema', 'PRAGMA wal_checkpoint(TRUNCATE)');
    const bytes = execFileSync('cat', [path], { maxBuffer: 2 ** 20 });
    assert.ok(bytes.equals(seedPage(pageSize)), `pages of ${pageSize}`);
  }
});

test('there is no seed page of a size that SQLite does not have', () => {
  for (const pageSize of [0, 256, 131072]) assert.throws(() => seedPage(pageSize), /page size/);
});
