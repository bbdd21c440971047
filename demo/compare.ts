import { execFile } from 'node:child_process';
import { closeSync, existsSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { LIMITS } from './limits.ts';
import type { MemberProcess } from './member-process.ts';

export interface Comparison {
  readonly identical: boolean;
  /** What was found, a line for each member and pair. */
  readonly lines: readonly string[];
}

/**
 * Compares the databases of stopped members twice: `paceline verify` checks position, checksum and
 * pages, and the files themselves are compared byte by byte.
 */
export async function compareMembers(members: readonly MemberProcess[]): Promise<Comparison> {
  const dirs = members.map(({ settings }) => settings.dir);
  const verified = await runVerify(members[0]!.settings.cli, dirs);
  const files = dirs.map((dir) => join(dir, 'db', 'main.db'));
  const differences = files.flatMap((file) => [
    ...describeLeftover(file),
    ...describeDifference(files[0]!, file),
  ]);
  const identical = verified.identical && differences.length === 0;
  const sizes = files.map((file) => statSync(file).size.toLocaleString('en'));
  const lines = [...verified.lines, ...differences];
  if (identical) lines.push(`the files are the same byte for byte: ${sizes[0]} bytes each`);
  return { identical, lines };
}

function runVerify(cli: string, dirs: readonly string[]): Promise<Comparison> {
  return new Promise((resolve) => {
    execFile(process.execPath, [cli, 'verify', ...dirs], (error, stdout, stderr) => {
      const lines = `${stdout}${stderr}`.trimEnd().split('\n');
      resolve({ identical: error === null, lines });
    });
  });
}

/** After a clean stop the main file holds everything. */
function describeLeftover(file: string): string[] {
  const wal = `${file}-wal`;
  if (!existsSync(wal) || statSync(wal).size === 0) return [];
  return [`${wal} was not folded into the database: ${statSync(wal).size} bytes`];
}

function describeDifference(one: string, other: string): string[] {
  const at = findDifference(one, other);
  return at === null ? [] : [`${one} and ${other} differ from byte ${at} on`];
}

/** The offset of the first byte in which two files differ; null when there is none. */
export function findDifference(one: string, other: string): number | null {
  const first = openSync(one, 'r');
  const second = openSync(other, 'r');
  try {
    const size = Math.min(fstatSync(first).size, fstatSync(second).size);
    for (let at = 0; at < size; at += LIMITS.fileChunkBytes) {
      const [left, right] = [readChunk(first, at), readChunk(second, at)];
      if (!left.equals(right)) return at + left.findIndex((byte, i) => byte !== right[i]);
    }
    return fstatSync(first).size === fstatSync(second).size ? null : size;
  } finally {
    closeSync(first);
    closeSync(second);
  }
}

function readChunk(fd: number, at: number): Buffer {
  const chunk = Buffer.alloc(LIMITS.fileChunkBytes);
  return chunk.subarray(0, readSync(fd, chunk, 0, chunk.length, at));
}
