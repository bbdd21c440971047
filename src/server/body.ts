import type { IncomingMessage } from 'node:http';
import { messageOf, PacelineError } from '../base/errors.ts';

/** What the headers announce; `bytesMax` when they do not say. Throws REQUEST_TOO_LARGE before a byte is read. */
export function announcedBytes(incoming: IncomingMessage, bytesMax: number): number {
  const announced = incoming.headers['content-length'];
  if (announced === undefined) return bytesMax;
  const bytes = Number(announced); // node's parser has refused anything but digits
  if (bytes > bytesMax) throw tooLarge(bytesMax);
  return bytes;
}

/** Reads the whole body as JSON. Throws REQUEST_TOO_LARGE, and REQUEST_INVALID when it is not JSON in UTF-8. */
export async function readJson(incoming: IncomingMessage, bytesMax: number): Promise<unknown> {
  const text = decode(await readBytes(incoming, bytesMax));
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new PacelineError('REQUEST_INVALID', notJson(text, cause), { cause });
  }
}

function notJson(text: string, cause: unknown): string {
  if (text.trim() === '') return 'the body is empty; send JSON such as {"sql":"SELECT 1"}';
  return `the body is not JSON: ${messageOf(cause)}`;
}

/** Reads by events: a stream of promises would cost more than the small bodies themselves. */
function readBytes(incoming: IncomingMessage, bytesMax: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  return new Promise((resolve, reject) => {
    incoming.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= bytesMax) chunks.push(chunk);
      else reject(tooLarge(bytesMax)); // what is left is drained, unread, by the adapter
    });
    incoming.on('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
    incoming.on('error', reject);
    incoming.on('close', () => reject(new PacelineError('REQUEST_INVALID', 'the body broke off')));
  });
}

const UTF8 = new TextDecoder('utf-8', { fatal: true });

function decode(bytes: Buffer): string {
  try {
    return UTF8.decode(bytes);
  } catch (cause) {
    throw new PacelineError('REQUEST_INVALID', 'the body is not UTF-8; encode it so', { cause });
  }
}

function tooLarge(bytesMax: number): PacelineError {
  const what = `the body is larger than ${bytesMax} bytes (bodyBytesMax)`;
  return new PacelineError('REQUEST_TOO_LARGE', `${what}; send it in parts, or raise the limit`);
}
