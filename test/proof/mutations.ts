import fc from 'fast-check';

/**
 * Runs of each property, times this: FUZZ_FACTOR=100 makes a campaign of what takes seconds in `npm test`. A failure prints fast-check's
 * seed and path, which FUZZ_SEED takes.
 */
const FACTOR = Number(process.env.FUZZ_FACTOR ?? 1);
const SEED = process.env.FUZZ_SEED;

export function parameters(numRuns: number): fc.Parameters<unknown> {
  const runs = { numRuns: Math.ceil(numRuns * FACTOR) };
  return SEED === undefined ? runs : { ...runs, seed: Number(SEED) };
}

/** Values that lengths, counts and versions are set to: at the borders, and far beyond any input. */
const NUMBERS = [
  0,
  1,
  0x7f,
  0x80,
  0xff,
  0xffff,
  0x10000,
  2 ** 24,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
];

interface Edit {
  readonly kind: 'flip' | 'byte' | 'cut' | 'insert' | 'number' | 'splice' | 'zero';
  readonly at: number;
  readonly length: number;
  readonly value: number;
  readonly bytes: Uint8Array;
}

const edit: fc.Arbitrary<Edit> = fc.record({
  kind: fc.constantFrom('flip', 'byte', 'cut', 'insert', 'number', 'number', 'splice', 'zero'),
  at: fc.nat(),
  length: fc.nat(40),
  value: fc.oneof(fc.constantFrom(...NUMBERS), fc.nat(255)),
  bytes: fc.uint8Array({ maxLength: 12 }),
});

/** One to five of these, one after the other. */
export const edits = fc.array(edit, { minLength: 1, maxLength: 5 });

/** `bytes` damaged in the ways in which disks, networks and attackers do it; `bytes` itself stays. */
export function damaged(bytes: Uint8Array, changes: readonly Edit[]): Uint8Array {
  let result: Uint8Array = Uint8Array.from(bytes);
  for (const change of changes) result = apply(result, change);
  return result;
}

function apply(bytes: Uint8Array, { kind, at, length, value, bytes: extra }: Edit): Uint8Array {
  const place = bytes.length === 0 ? 0 : at % bytes.length;
  if (bytes.length === 0 || kind === 'insert')
    return join(bytes.subarray(0, place), extra, bytes.subarray(place));
  switch (kind) {
    case 'flip':
      bytes[place]! ^= 1 << (value & 7);
      return bytes;
    case 'byte':
      bytes[place] = value;
      return bytes;
    case 'cut':
      return bytes.slice(0, place);
    case 'zero':
      bytes.fill(0, place, place + length);
      return bytes;
    case 'number':
      return withNumber(bytes, place, value);
    case 'splice':
      return join(bytes.subarray(0, place), bytes.subarray(Math.floor(place / 2)));
  }
}

/** Where a length may stand, in any of the sizes and either order that the formats have. */
function withNumber(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (at + 4 <= bytes.length) view.setUint32(at, value, (at & 7) === 7);
  else bytes[at] = value;
  return bytes;
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
