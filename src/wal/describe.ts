import { hex32, type WalHeader } from './format.ts';
import { scanWal, type WalRest } from './reader.ts';
import type { ByteSource, ReadAt } from './source.ts';
import {
  type CheckpointInfo,
  decodeCheckpointInfo,
  decodeWalIndexHeader,
  WAL_INDEX_HEAD_BYTES,
  walIndexFault,
} from './wal-index.ts';

/** What a reader slot holds that no reader uses. */
const READ_MARK_UNUSED = 0xffffffff;

/** The lines of `dump wal`: the header, one line per committed frame, what follows them. */
export function* describeWal(source: ByteSource): Generator<string> {
  const { header, frames, rest } = scanWal(source);
  if (header !== null) yield describeWalHeader(header);
  for (const { frame, pgno, databasePages } of frames) {
    const commit = databasePages === 0 ? '' : `  commit, database of ${databasePages} pages`;
    yield `frame ${frame}  page ${pgno}${commit}`;
  }
  yield describeRest(frames.length, rest);
}

function describeWalHeader(header: WalHeader): string {
  const { pageSize, checkpointSequence, salt1, salt2, bigEndianChecksum } = header;
  const salts = `salts ${hex32(salt1)} ${hex32(salt2)}`;
  const sums = `checksums ${bigEndianChecksum ? 'big' : 'little'}-endian`;
  return `wal  page size ${pageSize}  sequence ${checkpointSequence}  ${salts}  ${sums}`;
}

function describeRest(frames: number, rest: WalRest): string {
  const parts = [`end  ${frames} committed frames`];
  if (rest.uncommittedFrames > 0) parts.push(`${rest.uncommittedFrames} uncommitted frames`);
  if (rest.bytes > 0) parts.push(`${rest.bytes} bytes behind`);
  if (rest.fault !== null) parts.push(rest.fault);
  return parts.join(', ');
}

/** The lines of the head of a wal-index (-shm file). */
export function* describeWalIndex(read: ReadAt): Generator<string> {
  const head = read(0, WAL_INDEX_HEAD_BYTES);
  const fault = head.length < WAL_INDEX_HEAD_BYTES ? 'the file is too short' : walIndexFault(head);
  if (fault !== null) {
    yield `wal-index  not usable: ${fault}`;
    return;
  }
  const { mxFrame, databasePages, pageSize, salt1, salt2, changeCounter } =
    decodeWalIndexHeader(head);
  const salts = `salts ${hex32(salt1)} ${hex32(salt2)}`;
  const size = `database of ${databasePages} pages of ${pageSize}`;
  yield `wal-index  mxFrame ${mxFrame}  ${size}  ${salts}  change ${changeCounter}`;
  yield describeCheckpoint(decodeCheckpointInfo(head));
}

function describeCheckpoint(info: CheckpointInfo): string {
  const marks = info.readMarks.map((mark) => (mark === READ_MARK_UNUSED ? '-' : `${mark}`));
  const attempted = `attempted ${info.nBackfillAttempted}`;
  return `checkpoint  backfilled ${info.nBackfill}  ${attempted}  read marks ${marks.join(' ')}`;
}
