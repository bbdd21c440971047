import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ByteReader, ByteWriter, viewOf } from '../../src/base/bytes.ts';

/** What can be written, how it is written, and how it is read again. */
const item = fc.oneof(
  fc.record({ kind: fc.constant('u8' as const), value: fc.nat(0xff) }),
  fc.record({ kind: fc.constant('u16' as const), value: fc.nat(0xffff) }),
  fc.record({ kind: fc.constant('u32' as const), value: fc.integer({ min: 0, max: 2 ** 32 - 1 }) }),
  fc.record({ kind: fc.constant('u53' as const), value: fc.maxSafeNat() }),
  fc.record({ kind: fc.constant('f64' as const), value: fc.double() }),
  fc.record({
    kind: fc.constant('i64' as const),
    value: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  }),
  fc.record({ kind: fc.constant('block' as const), value: fc.uint8Array() }),
  fc.record({ kind: fc.constant('text' as const), value: fc.string({ unit: 'binary' }) }),
);

test('what is written is read again, to the end', () => {
  fc.assert(
    fc.property(fc.array(item), fc.nat(16), (items, capacity) => {
      const writer = new ByteWriter(capacity + 1);
      for (const { kind, value } of items) writer[kind](value as never);
      const reader = new ByteReader(writer.finish(), 'a test');
      for (const { kind, value } of items) assert.deepEqual(reader[kind](), value);
      reader.end();
    }),
  );
});

test('numbers are big-endian, texts UTF-8 behind their length', () => {
  const bytes = new ByteWriter(1)
    .u16(0x0102)
    .u32(0x03040506)
    .u53(2 ** 32 + 7)
    .text('hé')
    .finish();
  assert.equal(Buffer.from(bytes).toString('hex'), '01020304050600000001000000070000000368c3a9');
});

test('a text that turns out not to be ASCII leaves nothing of a first try', () => {
  const bytes = new ByteWriter().u8(1).text('abcdefé').u8(2).finish();
  const reader = new ByteReader(bytes, 'a test');
  assert.deepEqual([reader.u8(), reader.text(), reader.u8()], [1, 'abcdefé', 2]);
  reader.end();
});

test('what is cut, too long or out of range is damage that says what and where', () => {
  const damaged = { code: 'RECORD_DAMAGED', message: /^a test: .*at byte \d+/ };
  const reader = (...bytes: number[]) => new ByteReader(Uint8Array.from(bytes), 'a test');
  assert.throws(() => reader(1, 2, 3).u32(), damaged);
  assert.throws(() => reader(0, 0, 0, 9, 1).block(), damaged);
  assert.throws(() => reader(1).end(), damaged);
  assert.throws(() => reader(0, 0x20, 0, 0, 0, 0, 0, 0).u53(), damaged);
});

test('a length is patched where it was left open, and not behind the end', () => {
  const writer = new ByteWriter().u32(0).u8(9);
  writer.patchU32(0, 77);
  assert.equal(viewOf(writer.finish()).getUint32(0), 77);
  assert.throws(() => writer.patchU32(2, 1), /patch past the end/);
});

test('numbers that do not fit trip an assertion', () => {
  for (const value of [-1, 0.5, 2 ** 53]) assert.throws(() => new ByteWriter().u53(value));
});
