import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { frameHeader, HEADER_BYTES, lengthOf } from '../../src/transport/frame.ts';
import { FrameParser } from '../../src/transport/frame-parser.ts';

/** With the prototype that decoded objects have, for strict comparison. */
function record<T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record<T>(model, { noNullPrototype: true }) as fc.Arbitrary<T>;
}

interface Frame {
  readonly channel: number;
  readonly payload: Uint8Array;
}

const LIMIT = 2000;

function bytesOf({ channel, payload }: Frame): Uint8Array {
  return new Uint8Array(Buffer.concat([frameHeader(channel, [payload], payload.length), payload]));
}

function streamOf(frames: readonly Frame[]): Uint8Array {
  return new Uint8Array(Buffer.concat(frames.map(bytesOf)));
}

/** The frames that a parser finds in `chunks`. */
function parse(chunks: Iterable<Uint8Array>): Frame[] {
  const frames: Frame[] = [];
  const parser = new FrameParser(LIMIT, (channel, payload) => frames.push({ channel, payload }));
  for (const chunk of chunks) parser.feed(chunk);
  return frames;
}

function* cut(bytes: Uint8Array, sizes: readonly number[]): Generator<Uint8Array> {
  let at = 0;
  for (let i = 0; at < bytes.length; i++) {
    const end = at + sizes[i % sizes.length]!;
    yield bytes.subarray(at, end);
    at = end;
  }
}

const frame: fc.Arbitrary<Frame> = record({
  channel: fc.nat(255),
  payload: fc.uint8Array({ maxLength: 600 }).map((bytes) => Uint8Array.from(bytes)),
});
const frames = fc.array(frame, { maxLength: 8 });

describe('frame parser', () => {
  test('finds the same frames wherever the stream is cut', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 10 });
    fc.assert(
      fc.property(frames, sizes, (sent, sizes) => {
        assert.deepEqual(parse(cut(streamOf(sent), sizes)), sent);
      }),
    );
  });

  test('finds them byte by byte', () => {
    fc.assert(
      fc.property(frames, (sent) => {
        assert.deepEqual(parse(cut(streamOf(sent), [1])), sent);
      }),
      { numRuns: 30 },
    );
  });

  test('a frame in parts has the checksum of the whole', () => {
    const parts = [Uint8Array.of(1), new Uint8Array(700).fill(2), Uint8Array.of(3)];
    const bytes = Buffer.concat([frameHeader(1, parts, lengthOf(parts)), ...parts]);
    assert.equal(parse([bytes])[0]!.payload.length, 702);
  });

  test('a payload inside one chunk is a view of it, and never a Buffer', () => {
    const chunk = Buffer.from(bytesOf({ channel: 1, payload: Uint8Array.of(1, 2, 3) }));
    const [{ payload } = assert.fail()] = parse([chunk]);
    assert.equal(payload.buffer, chunk.buffer);
    assert.equal(Object.getPrototypeOf(payload), Uint8Array.prototype);
  });

  test('any single wrong bit is noticed', () => {
    const sent = { channel: 3, payload: Uint8Array.from({ length: 300 }, (_, i) => i) };
    const intact = bytesOf(sent);
    for (let bit = 0; bit < intact.length * 8; bit++) {
      const bytes = Uint8Array.from(intact);
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      let found: Frame[] = [];
      try {
        found = parse([bytes]);
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'RECORD_DAMAGED');
      }
      // A longer length just waits for more; it must not hand out anything.
      assert.deepEqual(found, [], `bit ${bit}`);
    }
  });

  test('a frame over the limit is refused by its header alone', () => {
    const header = frameHeader(1, [], LIMIT + 1);
    assert.equal(header.length, HEADER_BYTES);
    assert.throws(() => parse([header]), { code: 'RECORD_DAMAGED', message: /2001 bytes/ });
  });

  test('the limit can be raised between two frames of one chunk', () => {
    const sent = [
      { channel: 0, payload: Uint8Array.of(1) },
      { channel: 1, payload: new Uint8Array(LIMIT) },
    ];
    const found: number[] = [];
    const parser: FrameParser = new FrameParser(1, (_channel, payload) => {
      found.push(payload.length);
      parser.payloadBytesMax = LIMIT;
    });
    parser.feed(streamOf(sent));
    assert.deepEqual(found, [1, LIMIT]);
  });

  test('a parser that is stopped while it hands out a frame hands out no more', () => {
    const found: number[] = [];
    const parser: FrameParser = new FrameParser(LIMIT, (channel) => {
      found.push(channel);
      parser.stop();
    });
    const one = { channel: 1, payload: Uint8Array.of(1) };
    parser.feed(streamOf([one, one]));
    parser.feed(streamOf([one]));
    assert.deepEqual(found, [1]);
  });

  test('a frame of another group is refused', () => {
    const header = frameHeader(1, [], 0);
    header[6] = 1;
    assert.throws(() => parse([header]), { code: 'RECORD_DAMAGED' });
  });
});
