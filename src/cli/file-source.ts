import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { messageOf, PacelineError } from '../base/errors.ts';
import type { ByteSource } from '../wal/source.ts';

/** A file open for reading only. */
export interface FileSource extends ByteSource {
  readonly path: string;
  close(): void;
}

/** Throws OPTIONS_INVALID when it cannot be opened. Its size is taken once: the file must not change meanwhile. */
export function openFileSource(path: string): FileSource {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (cause) {
    throw new PacelineError('OPTIONS_INVALID', `cannot open the file: ${messageOf(cause)}`, {
      cause,
    });
  }
  const stat = fstatSync(fd);
  if (stat.isDirectory()) {
    closeSync(fd);
    throw new PacelineError('OPTIONS_INVALID', `${path} is a directory; name a file in it`);
  }
  const { size } = stat;
  return {
    path,
    size,
    read: (offset, length) => readUpTo(fd, offset, Math.min(length, Math.max(0, size - offset))),
    close: () => closeSync(fd),
  };
}

/** Runs `use` with the file and closes it whatever happens. */
export function withFileSource<T>(path: string, use: (source: FileSource) => T): T {
  const source = openFileSource(path);
  try {
    return use(source);
  } finally {
    source.close();
  }
}

function readUpTo(fd: number, offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const got = readSync(fd, bytes, done, length - done, offset + done);
    if (got === 0) break;
    done += got;
  }
  return bytes.subarray(0, done);
}
