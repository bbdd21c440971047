import { must } from '../base/assert.ts';
import { FRAME_HEADER_BYTES, frameOffset } from '../wal/format.ts';
import type { HeldSnapshot } from './protocol.ts';
import type { SnapshotFiles } from './snapshot-files.ts';

type Done = (error: Error | null, bytes: number) => void;

/** A page, or as much of one as was asked for, that is in the WAL. */
interface Patch {
  readonly into: Uint8Array;
  readonly offset: number;
}

/** Reads a held database as if it were one file: fills `into` from `offset` on, and tells `done` how much there was. */
export function readHeld(
  files: Pick<SnapshotFiles, 'read'>,
  held: HeldSnapshot,
  into: Uint8Array,
  offset: number,
  done: Done,
): void {
  const bytes = Math.min(into.length, held.bytes - offset);
  const wanted = into.subarray(0, bytes);
  files.read(held.mainFd, wanted, offset, (error) => {
    if (error !== null) return done(error, 0);
    readPatches(files, held, patchesOf(held, wanted, offset), (failed) => done(failed, bytes));
  });
}

function patchesOf(held: HeldSnapshot, into: Uint8Array, offset: number): Patch[] {
  const { pgnos, frames, pageSize } = held;
  const end = offset + into.length;
  const patches: Patch[] = [];
  for (let i = firstFrom(pgnos, Math.floor(offset / pageSize) + 1); i < pgnos.length; i++) {
    const at = (pgnos[i]! - 1) * pageSize;
    if (at >= end) break;
    const from = Math.max(at, offset);
    const to = Math.min(at + pageSize, end);
    const image = frameOffset(pageSize, frames[i]!) + FRAME_HEADER_BYTES;
    patches.push({ into: into.subarray(from - offset, to - offset), offset: image + from - at });
  }
  return patches;
}

/** Where `pgno`, or what follows it, is in the ascending `pgnos`. */
function firstFrom(pgnos: Uint32Array, pgno: number): number {
  let low = 0;
  let high = pgnos.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (pgnos[middle]! < pgno) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** One after the other. */
function readPatches(
  files: Pick<SnapshotFiles, 'read'>,
  held: HeldSnapshot,
  patches: readonly Patch[],
  done: (error: Error | null) => void,
  next = 0,
): void {
  if (next === patches.length) return done(null);
  const { into, offset } = must(patches[next], 'a page to read');
  files.read(held.walFd, into, offset, (error, bytes) => {
    if (error !== null) return done(error);
    if (bytes < into.length) return done(new Error('the WAL ends too soon'));
    readPatches(files, held, patches, done, next + 1);
  });
}
