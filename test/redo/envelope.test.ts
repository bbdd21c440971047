import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PacelineError } from '../../src/base/errors.ts';
import {
  decodeEnvelope,
  encodeEnvelope,
  SECTION_REDO,
  SECTIONS_MAX,
} from '../../src/redo/envelope.ts';

const KNOWN = new Set([SECTION_REDO]);
const section = (kind: number, mustUnderstand: boolean, ...bytes: number[]) => {
  return { kind, mustUnderstand, bytes: Uint8Array.from(bytes) };
};

test('sections survive their envelope, with known bytes', () => {
  const sections = [section(SECTION_REDO, true, 9, 8), section(200, false)];
  const bytes = encodeEnvelope(sections);
  assert.equal(Buffer.from(bytes).toString('hex'), '010101000000020908c80000000000');
  assert.deepEqual(decodeEnvelope(bytes, KNOWN), sections);
});

test('any sections survive', () => {
  const fields = {
    kind: fc.nat({ max: 255 }),
    mustUnderstand: fc.boolean(),
    bytes: fc.uint8Array(),
  };
  const any = fc.record(fields, { noNullPrototype: true });
  const all = new Set(Array.from({ length: 256 }, (_, kind) => kind));
  fc.assert(
    fc.property(fc.array(any, { maxLength: SECTIONS_MAX }), (sections) => {
      assert.deepEqual(decodeEnvelope(encodeEnvelope(sections), all), sections);
    }),
  );
});

test('an unknown section is skipped or refused, as it says itself', () => {
  const skipped = encodeEnvelope([section(7, false, 1), section(SECTION_REDO, true, 2)]);
  assert.equal(decodeEnvelope(skipped, KNOWN).length, 2);
  const refused = encodeEnvelope([section(7, true, 1)]);
  assert.throws(() => decodeEnvelope(refused, KNOWN), { code: 'PROTOCOL_MISMATCH' });
  assert.equal(decodeEnvelope(refused, new Set([7])).length, 1);
});

test('versions and flags of the future are refused', () => {
  const mismatch = { code: 'PROTOCOL_MISMATCH' };
  assert.throws(() => decodeEnvelope(Uint8Array.of(2), KNOWN), mismatch);
  const damaged = { code: 'RECORD_DAMAGED' };
  assert.throws(() => decodeEnvelope(Uint8Array.of(0), KNOWN), damaged);
  assert.throws(() => decodeEnvelope(Uint8Array.of(1, 1, 2, 0, 0, 0, 0), KNOWN), damaged);
});

test('sections share memory with the payload', () => {
  const bytes = encodeEnvelope([section(SECTION_REDO, true, 1, 2, 3)]);
  assert.equal(decodeEnvelope(bytes, KNOWN)[0]?.bytes.buffer, bytes.buffer);
});

test('too many sections are refused', () => {
  const bytes = new Uint8Array(1 + 6 * (SECTIONS_MAX + 1));
  bytes[0] = 1;
  assert.throws(() => decodeEnvelope(bytes, KNOWN), { message: /too many/ });
  assert.equal(decodeEnvelope(bytes.subarray(0, 1 + 6 * SECTIONS_MAX), KNOWN).length, SECTIONS_MAX);
});

test('arbitrary bytes give sections or a PacelineError', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      try {
        decodeEnvelope(Uint8Array.of(1, ...bytes), KNOWN);
      } catch (error) {
        assert.ok(error instanceof PacelineError, String(error));
      }
    }),
    { numRuns: 1000 },
  );
});
