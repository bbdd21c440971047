import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { decodeResults, encodeResults } from '../../src/api/wire.ts';
import { ByteWriter } from '../../src/base/bytes.ts';

const HOSTILE = fileURLToPath(new URL('./hostile-lengths.js', import.meta.url));
const HEAP_MIB = 48;
/** The largest of the inputs, a block of a wal-index, has 32 KiB; the parser of frames may take what a stranger is allowed, 16 KiB. */
const ALLOCATION_BYTES_MAX = 32 * 1024;

test('no decoder allocates by a length that it has not checked', () => {
  const args = [`--max-old-space-size=${HEAP_MIB}`, HOSTILE];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  const { largest, what, cases } = JSON.parse(stdout.split('\n', 1)[0]!) as {
    largest: number;
    what: string;
    cases: number;
  };
  assert.ok(cases > 40);
  assert.ok(largest <= ALLOCATION_BYTES_MAX, `${what} allocated ${largest} bytes`);
});

test('results cannot announce rows that take no bytes', () => {
  const count = 1000;
  const writer = new ByteWriter().u32(count);
  for (let i = 0; i < count; i++) writer.u53(0).i64(0n).u32(0).u32(10_000);
  const bytes = writer.finish().slice();
  assert.throws(() => decodeResults(bytes), {
    code: 'RECORD_DAMAGED',
    message: /10000 rows without columns/,
  });
  const empty = [{ columns: [], rows: [], changes: 1, lastInsertRowid: 7 }];
  assert.deepEqual(decodeResults(encodeResults(empty)), empty);
});
