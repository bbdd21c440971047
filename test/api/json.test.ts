import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeBase64, encodeBase64 } from '../../src/api/base64.ts';
import { argsFromJson, argsToJson, valueFromJson, valueToJson } from '../../src/api/json.ts';
import type { SqlValue } from '../../src/api/value.ts';
import { PacelineError } from '../../src/base/errors.ts';

const SAFE = BigInt(Number.MAX_SAFE_INTEGER);
const sqlValue: fc.Arbitrary<SqlValue> = fc.oneof(
  fc.constant(null),
  fc.string({ unit: 'binary' }),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true }),
  fc.uint8Array({ maxLength: 100 }),
  fc
    .bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
    .filter((value) => value > SAFE || value < -SAFE),
);

const overTheWire = (json: unknown): unknown => JSON.parse(JSON.stringify(json));

function refused(place: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof PacelineError);
    assert.equal(error.code, 'ARGUMENTS_INVALID');
    assert.match(error.message, place);
    return true;
  };
}

test('every SQL value comes back from JSON text as it was', () => {
  fc.assert(
    fc.property(sqlValue, (value) => {
      const back = valueFromJson(overTheWire(valueToJson(value)));
      assert.deepStrictEqual(back, value);
    }),
    { numRuns: 2000 },
  );
});

test('arguments by position and by name come back as they were', () => {
  const named = fc.dictionary(fc.string({ minLength: 1 }), sqlValue);
  fc.assert(
    fc.property(fc.oneof(fc.array(sqlValue), named), (args) => {
      const back = argsFromJson(overTheWire(argsToJson(args)));
      assert.deepStrictEqual(Object.entries(back), Object.entries(args));
      assert.equal(Array.isArray(back), Array.isArray(args));
    }),
  );
});

test('the forms are those of the documentation', () => {
  assert.equal(valueToJson(2 ** 53 - 1), 9007199254740991);
  assert.equal(valueToJson(5n), 5);
  assert.deepEqual(valueToJson(2n ** 63n - 1n), { $integer: '9223372036854775807' });
  assert.deepEqual(valueToJson(-(2n ** 63n)), { $integer: '-9223372036854775808' });
  assert.deepEqual(valueToJson(-Infinity), { $real: '-Infinity' });
  assert.deepEqual(valueToJson(1e300), { $real: '1e+300' });
  assert.deepEqual(valueToJson(new Uint8Array([104, 105])), { $blob: 'aGk=' });
  assert.equal(valueFromJson({ $integer: '7' }), 7);
});

test('base64 is what Node writes, and nothing else is read', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const text = encodeBase64(bytes);
      assert.equal(text, Buffer.from(bytes).toString('base64'));
      assert.deepEqual(decodeBase64(text), bytes);
    }),
  );
  for (const text of ['a', 'aGk', 'aGl=', 'aG=k', 'aGk= ', '====', 'aGk\u0100', 'aG-_', '=aGk'])
    assert.equal(decodeBase64(text), null, JSON.stringify(text));
  const large = new Uint8Array(100_000).map((_, i) => i * 7);
  assert.equal(encodeBase64(large), Buffer.from(large).toString('base64'));
});

test('a text that decodes as base64 is the one text of its bytes', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 12, unit: fc.constantFrom(...'AQgw9+/=') }), (text) => {
      const bytes = decodeBase64(text);
      if (bytes !== null) assert.equal(encodeBase64(bytes), text);
    }),
    { numRuns: 2000 },
  );
});

test('what is no SQL value is refused with its place and a way out', () => {
  const cases: [unknown, RegExp][] = [
    [[1, true], /^args\[1\] is a boolean.*use 1 or 0/],
    [{ on: false }, /^args\.on is a boolean/],
    [[[1]], /^args\[0\] is an array/],
    [[{}], /^args\[0\] is an object/],
    [[{ $blob: 'a', $real: '1' }], /^args\[0\] is an object/],
    [[{ $date: 'x' }], /^args\[0\] is an object/],
    [[{ $blob: '*' }], /^args\[0\] has a \$blob/],
    [[{ $blob: 3 }], /^args\[0\] is an object/],
    [[{ $integer: '9223372036854775808' }], /\$integer that is not a 64-bit integer/],
    [[{ $integer: '01' }], /\$integer/],
    [[{ $integer: '-0' }], /\$integer/],
    [[{ $real: '1.0' }], /integral \$real.*CAST/],
    [[{ $real: '1e999' }], /beyond the range/],
    [[{ $real: 'NaN' }], /neither a decimal number/],
    [[2 ** 53], /^args\[0\] is a number beyond .*\$integer/],
    ['x', /^args must be an array \(for \?\) or an object/],
    [null, /^args must be an array .* not null/],
  ];
  for (const [args, message] of cases) assert.throws(() => argsFromJson(args), refused(message));
});

test('a caller without types is told what cannot be bound', () => {
  const bind = (value: unknown) => () => argsToJson([value as SqlValue]);
  assert.throws(bind(undefined), refused(/^args\[0\] is undefined/));
  assert.throws(bind(NaN), refused(/NaN.*bind null/));
  assert.throws(bind(2n ** 63n), refused(/64 bits/));
  assert.throws(bind(new Date(0)), refused(/an object/));
  assert.throws(() => argsToJson(new Uint8Array(2) as never), refused(/args must be/));
});

test('an argument may be called __proto__', () => {
  const args = argsFromJson(JSON.parse('{"__proto__":1}')) as Record<string, unknown>;
  assert.deepEqual(Object.entries(args), [['__proto__', 1]]);
});
