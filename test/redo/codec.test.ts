import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PacelineError } from '../../src/base/errors.ts';
import { Prng } from '../../src/base/prng.ts';
import { decodeRedo, encodeRedo } from '../../src/redo/codec.ts';
import { type RedoRecord, valid } from '../../src/redo/record.ts';
import { MemoryDatabase, randomPage, sampleRecord } from './pages.ts';

const HEAD_BYTES = 29;
const ROW_BYTES = 17;

/** A record of random pages, some edited, some new. */
function randomRecord(seed: number): RedoRecord {
  const prng = new Prng(seed);
  const size = 512 << prng.between(0, 7);
  const database = new MemoryDatabase(size);
  database.images = Array.from({ length: 5 }, () => randomPage(prng, size));
  const changes = new Map<number, Uint8Array>();
  const databasePages = prng.between(1, 8);
  for (let pgno = 1; pgno <= databasePages; pgno++) {
    const base = database.images[pgno - 1];
    const image = base?.slice() ?? randomPage(prng, size);
    image.fill(0, prng.between(0, size), size);
    if (base === undefined || prng.chance(0.5)) changes.set(pgno, image);
  }
  return database.commit(changes, databasePages);
}

test('records survive their encoding', () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const record = randomRecord(seed);
      assert.deepEqual(decodeRedo(encodeRedo(record)), record);
    }),
    { numRuns: 50 },
  );
});

test('the encoding of a record does not change: it is in logs', () => {
  const record: RedoRecord = {
    pageSize: 512,
    databasePages: 9,
    checksumBefore: { hi: 1, lo: 2 },
    checksumAfter: { hi: 3, lo: 0xfffffffc },
    pages: [{ pgno: 7, hash: { hi: 5, lo: 6 }, form: 'zero-delta', bytes: Uint8Array.of(1, 2) }],
  };
  const head = '01 00000200 00000009 0000000100000002 00000003fffffffc 00000001';
  const row = '00000007 0000000500000006 02 00000002';
  const expected = `${head}${row}670559200102`.replaceAll(' ', '');
  assert.equal(Buffer.from(encodeRedo(record)).toString('hex'), expected);
});

test('decoded pages share memory with the input', () => {
  const bytes = encodeRedo(sampleRecord());
  for (const page of decodeRedo(bytes).pages) assert.equal(page.bytes.buffer, bytes.buffer);
});

test('a record cut anywhere, or too long, is refused', () => {
  const bytes = encodeRedo(sampleRecord());
  for (let length = 0; length < bytes.length; length++) {
    assert.throws(() => decodeRedo(bytes.subarray(0, length)), { code: 'RECORD_DAMAGED' });
  }
  const longer = new Uint8Array(bytes.length + 1);
  longer.set(bytes);
  assert.throws(() => decodeRedo(longer), { code: 'RECORD_DAMAGED' });
});

test('a change of any bit of head or table is noticed', () => {
  const record = sampleRecord();
  const bytes = encodeRedo(record);
  const summed = HEAD_BYTES + record.pages.length * ROW_BYTES + 4;
  for (let bit = 0; bit < summed * 8; bit++) {
    bytes[bit >>> 3]! ^= 1 << (bit & 7);
    assert.throws(() => decodeRedo(bytes), PacelineError, `bit ${bit}`);
    bytes[bit >>> 3]! ^= 1 << (bit & 7);
  }
});

test('a count of pages that cannot be there is refused before anything is made of it', () => {
  const bytes = encodeRedo(sampleRecord());
  bytes.fill(255, HEAD_BYTES - 4, HEAD_BYTES);
  assert.throws(() => decodeRedo(bytes), { message: /4294967295 pages wanted/ });
});

test('a version that is not known asks for an upgrade', () => {
  const bytes = encodeRedo(sampleRecord());
  bytes[0] = 2;
  assert.throws(() => decodeRedo(bytes), { code: 'PROTOCOL_MISMATCH' });
});

test('arbitrary and mutated bytes give a valid record or a PacelineError', () => {
  const check = (bytes: Uint8Array) => {
    try {
      assert.ok(valid(decodeRedo(bytes)));
    } catch (error) {
      assert.ok(error instanceof PacelineError, String(error));
    }
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), check), { numRuns: 500 });
  const edits = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 5 });
  fc.assert(
    fc.property(fc.nat({ max: 20 }), edits, (seed, changes) => {
      const bytes = encodeRedo(randomRecord(seed));
      for (const [at, value] of changes) bytes[at % Math.min(bytes.length, 200)] = value;
      check(bytes);
    }),
    { numRuns: 500 },
  );
});

test('an invalid record is not encoded', () => {
  assert.throws(() => encodeRedo({ ...sampleRecord(), databasePages: 1 }), /beyond the end/);
});
