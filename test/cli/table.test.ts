import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatBytes } from '../../src/cli/render-status.ts';
import { renderTable } from '../../src/cli/table.ts';

test('columns are aligned, numbers to the right, wide characters counted as two', () => {
  const rows = [
    [1, 'a', null],
    [20, '日本', new Uint8Array([1, 171])],
  ];
  assert.deepEqual(renderTable(['id', 'name', 'blob'], rows).split('\n'), [
    'id │ name │ blob',
    '───┼──────┼────────',
    ' 1 │ a    │ NULL',
    "20 │ 日本 │ x'01ab'",
  ]);
});

test('text cannot steer the terminal nor break the table', () => {
  const table = renderTable(['x'], [['a\u001b[2Jb\nc\u202ed']]);
  assert.match(table, /a\\u\{1b\}\[2Jb\\nc\\u\{202e\}d/);
  assert.equal(table.split('\n').length, 3);
});

test('long blobs are cut and say how long they are', () => {
  assert.match(renderTable(['x'], [[new Uint8Array(1000)]]), /…' \(1000 bytes\)/);
});

test('a result without rows shows its columns', () => {
  assert.deepEqual(renderTable(['a', 'b'], []).split('\n'), ['a │ b', '──┼──']);
});

test('sizes are readable', () => {
  assert.deepEqual([0, 1023, 1536, 5 * 2 ** 30].map(formatBytes), [
    ...['0 B', '1023 B', '1.5 KiB', '5.0 GiB'],
  ]);
});
