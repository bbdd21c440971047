/** Every decoder of bytes from outside. FUZZ_FACTOR=100 runs a hundred times as long; FUZZ_SEED repeats. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { DECODERS } from './decoders/table.ts';
import { fuzz } from './fuzzing.ts';

const SOURCES = fileURLToPath(new URL('../../../src/', import.meta.url));

/** What looks like a decoder by its name or what it is given, and is none of bytes from outside. */
const NO_DECODERS: Readonly<Record<string, string>> = {
  'sqlite/btree.ts scanTable': 'pages of the own database: see test/sqlite/damaged-rows.test.ts',
  'sqlite/record-format.ts decodeRecord': 'the same',
  'sqlite/record-format.ts textOf': 'the same',
  'sqlite/btree.ts isTableLeaf': 'the same',
  'sqlite/btree.ts isIndexPage': 'the same',
  'sqlite/btree.ts isBtreePage': 'the same',
  'sqlite/btree.ts cellsOf': 'the same',
  'sqlite/btree.ts firstRowid': 'the same',
  'redo/delta.ts makeDelta': 'writes; given pages of the own database',
  'redo/delta.ts makeZeroDelta': 'the same',
  'redo/page.ts makeRedoPage': 'the same',
  'redo/page.ts checkImage': 'compares a hash; any bytes have one',
  'transport/frame.ts frameIsIntact': 'reached by FrameParser',
  'transport/frame.ts payloadLength': 'reached by FrameParser',
  'transport/frame.ts groupOf': 'reached by FrameParser',
};

/** `file.ts name` of every exported function or class that looks like a decoder. */
function decodersIn(sources: string): string[] {
  const files = readdirSync(sources, { recursive: true }).map(String);
  return files
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => {
      const text = readFileSync(join(sources, file), 'utf8');
      const functions = [...text.matchAll(/export function\*? (\w+)(?:<[^(]*>)?\(([^)]*)\)/g)];
      const found = functions.filter(([, name, parameters]) => {
        const byName = /^(decode|scan|parse)[A-Z]|FromJson$|^read[A-Z]\w*File$/.test(name!);
        const byType = /\bByteReader|\bByteSource|\bReadAt\b/.test(parameters!);
        const byWhat = /\b(data|payload|delta|image|head|header): Uint8Array/.test(parameters!);
        return byName || byType || byWhat;
      });
      const classes = [...text.matchAll(/export class (\w*(?:Parser|Decoder))\b/g)];
      return [...found, ...classes].map(([, name]) => `${file} ${name}`);
    });
}

for (const decoder of DECODERS) fuzz(decoder);

test('every decoder of the sources is in the table, and all that the table names is there', () => {
  const there = decodersIn(SOURCES);
  const listed = new Set(DECODERS.flatMap((decoder) => decoder.of));
  const missing = there.filter((name) => !listed.has(name) && !(name in NO_DECODERS));
  assert.deepEqual(missing, [], 'to be added to test/proof/decoders/');
  for (const name of [...listed, ...Object.keys(NO_DECODERS)]) {
    const [file, what] = name.split(' ');
    const text = readFileSync(join(SOURCES, file!), 'utf8');
    assert.match(text, new RegExp(`export (function\\*?|class) ${what}\\b`), name);
  }
});
