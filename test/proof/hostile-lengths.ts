/**
 * Run in a process of its own with a small heap: gives every decoder some of its inputs with each four bytes of them made huge, and
 * watches what is allocated, and that each comes to an end. Prints the largest single allocation of bytes, and what asked for it.
 */
import fc from 'fast-check';
import { PacelineError } from '../../src/base/errors.ts';
import type { Decoder } from './decoders/decoder.ts';
import { DECODERS } from './decoders/table.ts';
import { INPUT_MS_MAX, Watchdog } from './watchdog.ts';

const HUGE = [0xffff_ffff, 2 ** 31, 2 ** 31 - 1, 2 ** 24, 0xffff];
/** The same each time: what is found shall be found again. */
const SAMPLES = { numRuns: 6, seed: 1 };
/** Of longer inputs every so manieth place is tried, and all at the beginning. */
const PLACES = 250;

const watchdog = new Watchdog(INPUT_MS_MAX);
let largest = 0;
let what = '';
let current = '';

/** Every array of bytes that is made by its length, while this stands in for the real one. */
const Counted = new Proxy(Uint8Array, {
  construct(target, args: unknown[], newTarget) {
    const [length] = args;
    if (typeof length === 'number' && length > largest) [largest, what] = [length, current];
    return Reflect.construct(target, args, newTarget) as object;
  },
});

function attempt({ name, decode, seal }: Decoder<unknown>, bytes: Uint8Array): void {
  current = name;
  for (const sealed of [false, true]) {
    if (sealed) seal?.(bytes);
    try {
      watchdog.watch(name, bytes, () => decode(bytes));
    } catch (error) {
      if (!(error instanceof PacelineError)) throw new Error(`${name}: ${error}`, { cause: error });
    }
    if (seal === undefined) return;
  }
}

function distort(decoder: Decoder<unknown>, bytes: Uint8Array): void {
  const step = Math.max(1, Math.floor(bytes.length / PLACES));
  for (let at = 0; at < bytes.length; at += at < PLACES / 2 ? 1 : step)
    for (const value of HUGE)
      for (const littleEndian of [false, true]) {
        const changed = Buffer.from(bytes);
        if (at + 4 <= bytes.length) {
          if (littleEndian) changed.writeUInt32LE(value, at);
          else changed.writeUInt32BE(value, at);
        } else changed[at] = value & 255;
        attempt(decoder, changed.subarray());
      }
}

const inputs = DECODERS.map((decoder) => {
  const { valid, encode } = decoder;
  return { decoder, samples: fc.sample(valid, SAMPLES).map(encode) };
});
globalThis.Uint8Array = Counted;
for (const { decoder, samples } of inputs) for (const bytes of samples) distort(decoder, bytes);
console.log(JSON.stringify({ largest, what, cases: DECODERS.length }));
