import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeToken, encodeToken } from '../../src/api/token.ts';

const whole = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });

test('a token is read back as the position that it was made of', () => {
  fc.assert(
    fc.property(whole, whole, (term, index) => {
      assert.deepEqual(decodeToken(encodeToken({ term, index })), { term, index });
    }),
  );
});

test('a token can stand in a URL, a header and a cookie as it is', () => {
  assert.match(encodeToken({ term: 12, index: 2 ** 53 - 1 }), /^[0-9a-z.]+$/);
});

test('what is not a token is refused by name', () => {
  const wrong = [
    '',
    'p1',
    'p1.',
    'p.1',
    'P1.2',
    'p1.2 ',
    ' p1.2',
    'p-1.2',
    'p1.2.3',
    '1.2',
    'p1.Z',
  ];
  for (const token of [...wrong, 'pzzzzzzzzzzz.1', 17, null, undefined, {}, { term: 1, index: 2 }])
    assert.throws(() => decodeToken(token), { code: 'TOKEN_INVALID', category: 'rejected' });
});

test('no text makes reading a token fail in another way', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.anything()), (token) => {
      try {
        decodeToken(token);
      } catch (error) {
        assert.equal((error as { code?: unknown }).code, 'TOKEN_INVALID');
      }
    }),
  );
});
