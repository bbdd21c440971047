import { assert } from '../base/assert.ts';

/** Standard alphabet with padding (RFC 4648, section 4), in character codes. */
const CODES = Uint8Array.from(
  'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/',
  (character) => character.charCodeAt(0),
);
const PAD = '='.charCodeAt(0);
const INVALID = 255;
const SEXTETS = makeSextets();
/** Arguments of one String.fromCharCode call: far below what any engine's stack takes. */
const CHUNK = 8192;

function makeSextets(): Uint8Array {
  const sextets = new Uint8Array(256).fill(INVALID);
  for (let i = 0; i < CODES.length; i++) sextets[CODES[i]!] = i;
  return sextets;
}

export function encodeBase64(bytes: Uint8Array): string {
  const codes = new Uint8Array(Math.ceil(bytes.length / 3) * 4);
  for (let i = 0, at = 0; i < bytes.length; i += 3, at += 4) {
    const left = bytes.length - i;
    const bits = (bytes[i]! << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    codes[at] = CODES[bits >> 18]!;
    codes[at + 1] = CODES[(bits >> 12) & 63]!;
    codes[at + 2] = left > 1 ? CODES[(bits >> 6) & 63]! : PAD;
    codes[at + 3] = left > 2 ? CODES[bits & 63]! : PAD;
  }
  let text = '';
  for (let i = 0; i < codes.length; i += CHUNK)
    text += String.fromCharCode(...codes.subarray(i, i + CHUNK));
  return text;
}

/**
 * The bytes; null unless `text` is exactly what `encodeBase64` writes for them: padded, without
 * blanks, unused bits zero. One blob has one text, so nothing can differ in a way that is lost.
 */
export function decodeBase64(text: string): Uint8Array | null {
  if (text.length % 4 !== 0) return null;
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  const digits = text.length - padding;
  let bits = 0;
  let at = 0;
  for (let i = 0; i < digits; i++) {
    const sextet = SEXTETS[text.charCodeAt(i)] ?? INVALID;
    if (sextet === INVALID) return null;
    bits = ((bits << 6) | sextet) & 0xffffff;
    if (i % 4 !== 0) bytes[at++] = (bits >> (6 - 2 * (i % 4))) & 255;
  }
  assert(at === bytes.length, 'base64 length does not add up');
  const unused = padding === 0 ? 0 : bits & (padding === 1 ? 3 : 15);
  return unused === 0 ? bytes : null;
}
