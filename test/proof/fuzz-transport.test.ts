/**
 * Streams of frames and handshakes; the decoders of what is in them are in decoders/. FUZZ_FACTOR=100 runs a hundred times as long;
 * FUZZ_SEED repeats.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeControl, NONCE_BYTES } from '../../src/transport/control.ts';
import { frameHeader } from '../../src/transport/frame.ts';
import { FrameParser } from '../../src/transport/frame-parser.ts';
import { AcceptorHandshake, DiallerHandshake } from '../../src/transport/handshake.ts';
import { bytes, record, text } from './decoders/arbitraries.ts';
import { control } from './decoders/transport.ts';
import { tried } from './fuzzing.ts';
import { damaged, edits, parameters } from './mutations.ts';

const frame = record({ channel: fc.nat(8), payload: bytes });

test('a stream of frames, damaged and cut in pieces, gives frames or damage, and never more memory than its limit', () => {
  const property = fc.property(
    fc.array(frame, { minLength: 1, maxLength: 4 }),
    edits,
    fc.integer({ min: 1, max: 60 }),
    fc.boolean(),
    (frames, changes, size, sound) => {
      const sent = frames.flatMap(({ channel, payload }) => [
        frameHeader(channel, [payload], payload.length),
        payload,
      ]);
      const whole = new Uint8Array(Buffer.concat(sent));
      const stream = sound ? whole : damaged(whole, changes);
      const taken: { channel: number; payload: Uint8Array }[] = [];
      const parser = new FrameParser(1000, (channel, payload) =>
        taken.push({ channel, payload: payload.slice() }),
      );
      const fed = tried(() => {
        for (let at = 0; at < stream.length; at += size)
          parser.feed(stream.subarray(at, at + size));
      }, ['RECORD_DAMAGED']);
      if (sound) assert.ok(fed !== null);
      if (sound) assert.deepEqual(taken, frames);
      for (const [i, one] of taken.entries())
        if (i < frames.length && !sound) assert.ok(one.payload.length <= 1000, 'within the limit');
    },
  );
  fc.assert(property, parameters(2000));
});

/** A handshake in which every payload may be damaged: the only outcomes are its steps. */
test('neither side of a handshake is led astray by damaged or arbitrary payloads', () => {
  const identity = (self: string, secret: string) => ({
    self,
    clusterId: 'c',
    memberIds: ['a', 'b'],
    secret,
  });
  const payloads = fc.array(
    fc.oneof(fc.uint8Array({ maxLength: 200 }), control.map(encodeControl)),
    { minLength: 1, maxLength: 3 },
  );
  const property = fc.property(
    text.map((word) => `secret ${word}`),
    fc.option(edits),
    payloads,
    (secret, changes, arbitrary) => {
      const dialler = new DiallerHandshake(
        identity('a', secret),
        'b',
        'here',
        new Uint8Array(NONCE_BYTES).fill(1),
      );
      const acceptor = new AcceptorHandshake(
        identity('b', secret),
        'there',
        new Uint8Array(NONCE_BYTES).fill(2),
      );
      const first = changes === null ? dialler.start() : damaged(dialler.start(), changes);
      const step = acceptor.receive(first);
      assert.ok(changes !== null || step.kind === 'reply');
      for (const payload of arbitrary) {
        const [a, b] = [
          dialler.receive(Uint8Array.from(payload)),
          acceptor.receive(Uint8Array.from(payload)),
        ];
        assert.ok(a.kind !== 'established', 'nobody proved anything to the dialler');
        assert.ok(b.kind !== 'established', 'nobody proved anything to the acceptor');
      }
    },
  );
  fc.assert(property, parameters(500));
});
