import { PacelineError } from '../base/errors.ts';
import type { FileSource } from './file-source.ts';

/** Enough of a file to tell what it is. */
const HEAD_BYTES = 16;
/** Version of the wal-index, in the byte order of the machine that wrote it (https://sqlite.org/walformat.html, section 2.1). */
const WAL_INDEX_VERSION = 3_007_000;

export type FileKind = 'log' | 'base' | 'wal' | 'wal-index' | 'lost' | 'database';

interface KnownKind {
  readonly text: string;
  /** What to do with a file of this kind. */
  readonly hint: (path: string) => string;
  readonly begins: (head: Uint8Array) => boolean;
}

const dumpAs = (format: string) => (path: string) => `paceline dump ${format} ${path} prints it`;

const KINDS: Readonly<Record<FileKind, KnownKind>> = {
  log: {
    text: 'a segment of the replication log',
    hint: dumpAs('log'),
    begins: (head) => startsWith(head, 'PCLNLOG'),
  },
  base: {
    text: 'the base of a replication log',
    hint: dumpAs('log'),
    begins: (head) => startsWith(head, 'PCLNBAS'),
  },
  wal: {
    text: "SQLite's WAL",
    hint: dumpAs('wal'),
    begins: (head) => startsWith(head, '\x37\x7f\x06\x82') || startsWith(head, '\x37\x7f\x06\x83'),
  },
  'wal-index': {
    text: "SQLite's wal-index",
    hint: dumpAs('wal-index'),
    begins: (head) => {
      if (head.length < 4) return false;
      const view = new DataView(head.buffer, head.byteOffset);
      return [true, false].some((little) => view.getUint32(0, little) === WAL_INDEX_VERSION);
    },
  },
  lost: {
    text: 'a file of lost writes',
    hint: dumpAs('lost'),
    begins: (head) => startsWith(head, 'PLST'),
  },
  database: {
    text: 'an SQLite database',
    hint: () => "the sqlite3 shell reads it, paceline verify compares members'",
    begins: (head) => startsWith(head, 'SQLite format 3\0'),
  },
};

/** What the file is, by its first bytes; null for what Paceline and SQLite do not write. */
export function kindOf(source: FileSource): FileKind | null {
  const head = source.read(0, HEAD_BYTES);
  const kinds = Object.keys(KINDS) as FileKind[];
  return kinds.find((kind) => KINDS[kind].begins(head)) ?? null;
}

/** Throws OPTIONS_INVALID for a file that begins like none of `wanted`. */
export function checkKind(source: FileSource, wanted: readonly FileKind[]): void {
  const found = kindOf(source);
  if (found !== null && wanted.includes(found)) return;
  const { text } = KINDS[wanted[0]!];
  if (found !== null) throw isNot(source, text, found);
  const why = 'it was cut off or overwritten, or is another file';
  throw new PacelineError('OPTIONS_INVALID', `${source.path} does not begin like ${text}; ${why}`);
}

export function isNot({ path }: FileSource, wanted: string, found: FileKind): PacelineError {
  const { text, hint } = KINDS[found];
  return new PacelineError(
    'OPTIONS_INVALID',
    `${path} is not ${wanted}, but ${text}: ${hint(path)}`,
  );
}

function startsWith(head: Uint8Array, text: string): boolean {
  return String.fromCharCode(...head.subarray(0, text.length)) === text;
}
