/**
 * UTF-8 for the pure rings, which have no TextEncoder. Lone surrogates become U+FFFD, as the
 * platform's encoder does; malformed input decodes to U+FFFD a byte at a time.
 */
export function encodeUtf8(text: string): Uint8Array {
  const out: number[] = [];
  for (const character of text) pushCodePoint(out, character.codePointAt(0)!);
  return Uint8Array.from(out);
}

function pushCodePoint(out: number[], point: number): void {
  const code = point >= 0xd800 && point <= 0xdfff ? 0xfffd : point;
  if (code < 0x80) out.push(code);
  else if (code < 0x800) out.push(0xc0 | (code >> 6), tail(code));
  else if (code < 0x10000) out.push(0xe0 | (code >> 12), tail(code >> 6), tail(code));
  else out.push(0xf0 | (code >> 18), tail(code >> 12), tail(code >> 6), tail(code));
}

function tail(bits: number): number {
  return 0x80 | (bits & 0x3f);
}

export function decodeUtf8(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; ) {
    const first = bytes[i]!;
    if (first < 0x80) {
      text += String.fromCharCode(first);
      i++;
      continue;
    }
    const length = sequenceLength(bytes, i);
    text += String.fromCodePoint(length === 0 ? 0xfffd : codePointAt(bytes, i, length));
    i += Math.max(length, 1);
  }
  return text;
}

/** Length of the well-formed sequence at `i`, 0 where there is none (overlong and surrogates included). */
function sequenceLength(bytes: Uint8Array, i: number): number {
  const first = bytes[i]!;
  const length =
    first < 0x80
      ? 1
      : first < 0xc2
        ? 0
        : first < 0xe0
          ? 2
          : first < 0xf0
            ? 3
            : first < 0xf5
              ? 4
              : 0;
  for (let k = 1; k < length; k++) if ((bytes[i + k] ?? 0) >> 6 !== 2) return 0;
  if (length < 3) return length;
  const point = codePointAt(bytes, i, length);
  const smallest = length === 3 ? 0x800 : 0x10000;
  const surrogate = point >= 0xd800 && point <= 0xdfff;
  return point < smallest || point > 0x10ffff || surrogate ? 0 : length;
}

function codePointAt(bytes: Uint8Array, i: number, length: number): number {
  if (length === 1) return bytes[i]!;
  let point = bytes[i]! & (0xff >> (length + 1));
  for (let k = 1; k < length; k++) point = (point << 6) | (bytes[i + k]! & 0x3f);
  return point;
}
