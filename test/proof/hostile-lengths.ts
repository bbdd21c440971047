/**
 * Run in a process of its own with a small heap: gives every decoder its smallest inputs with each four bytes of them made huge, and
 * watches what is allocated. Prints the largest single allocation of bytes, and what asked for it.
 */
import {
  decodeError,
  decodeResults,
  decodeWrite,
  encodeError,
  encodeResults,
  encodeWrite,
} from '../../src/api/wire.ts';
import { PacelineError } from '../../src/base/errors.ts';
import { decodeBase, encodeBase } from '../../src/log-store/base-file.ts';
import { crc32 } from '../../src/log-store/checksum.ts';
import { putHeader, RECORD_HEADER_BYTES } from '../../src/log-store/record.ts';
import { decodeEntry, decodeHardState, decodeStart } from '../../src/log-store/record-body.ts';
import { scanSegment } from '../../src/log-store/scan.ts';
import { encodeSegmentHeader, SEGMENT_HEADER_BYTES } from '../../src/log-store/segment-header.ts';
import {
  decodeSnapshotReply,
  decodeSnapshotRequest,
  encodeSnapshotReply,
  encodeSnapshotRequest,
} from '../../src/member/snapshot-frames.ts';
import { decodeRedo, encodeRedo } from '../../src/redo/codec.ts';
import { applyDelta } from '../../src/redo/delta.ts';
import { decodeEnvelope, encodeEnvelope } from '../../src/redo/envelope.ts';
import { CONTROL_BYTES_MAX, decodeControl, encodeControl } from '../../src/transport/control.ts';
import { frameHeader } from '../../src/transport/frame.ts';
import { FrameParser } from '../../src/transport/frame-parser.ts';
import { decodeMessage, encodeMessage } from '../../src/transport/message-codec.ts';
import { encodeFrames, startWal } from '../../src/wal/frames.ts';
import { scanWal } from '../../src/wal/reader.ts';
import { decodeWalIndexHeader, encodeWalIndexHeader } from '../../src/wal/wal-index.ts';

interface Case {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly decode: (bytes: Uint8Array) => unknown;
}

const HUGE = [0xffff_ffff, 2 ** 31, 2 ** 31 - 1, 2 ** 24, 0xffff];
const id = { term: 1, index: 2 };
const membership = [{ id: 'a', address: 'h:1', voter: true }];
const data = new Uint8Array(8);
const join = (parts: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(parts));

function segment(): Uint8Array {
  const bytes = new Uint8Array(SEGMENT_HEADER_BYTES + RECORD_HEADER_BYTES + data.length);
  bytes.set(encodeSegmentHeader({ sequence: 1, salt: 5 }));
  putHeader(
    bytes,
    SEGMENT_HEADER_BYTES,
    data.length,
    { type: 'entry', flags: 0, index: 1, term: 1 },
    { salt: 5, fileOffset: 0 },
  );
  return bytes;
}

function wal(): Uint8Array {
  const { header, tail } = startWal(512, 1, 2, 3);
  return join([header, encodeFrames(tail, [{ pgno: 1, image: new Uint8Array(512) }], 1)]);
}

/** As a disk would have it after damage, with the checksum made right for the worst case. */
function sealedBase(bytes: Uint8Array): unknown {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  view.setUint32(bytes.length - 4, crc32(bytes.subarray(0, bytes.length - 4)));
  return decodeBase(bytes, 'base');
}

const header = {
  type: 'entry' as const,
  flags: 1,
  bodyBytes: 0,
  bodyCrc: 0,
  flushOffset: 0,
  index: 1,
  term: 1,
};
const indexHeader = {
  changeCounter: 1,
  bigEndianChecksum: false,
  pageSize: 4096,
  mxFrame: 1,
  databasePages: 1,
  s0: 0,
  s1: 0,
  salt1: 0,
  salt2: 0,
};
const redo = {
  pageSize: 512,
  databasePages: 1,
  checksumBefore: { hi: 0, lo: 0 },
  checksumAfter: { hi: 0, lo: 0 },
  pages: [],
};
const append = {
  type: 'append-request',
  from: 'a',
  to: 'b',
  term: 3,
  previous: id,
  commit: 1,
  entries: [{ term: 2, index: 3, membership, data }],
} as const;
const results = [{ columns: ['a'], rows: [['x'], [data]], changes: 1, lastInsertRowid: 1 }];

const CASES: readonly Case[] = [
  {
    name: 'frame',
    bytes: join([frameHeader(1, [data], data.length), data]),
    decode: (b) => new FrameParser(CONTROL_BYTES_MAX, () => {}).feed(b),
  },
  {
    name: 'control',
    bytes: encodeControl({ kind: 'proof', mac: data, members: 'a b' }),
    decode: decodeControl,
  },
  {
    name: 'message',
    bytes: join(encodeMessage(append)),
    decode: (b) => decodeMessage(b, 'a', 'b'),
  },
  {
    name: 'snapshot request',
    bytes: join(encodeSnapshotRequest({ type: 'read', id, offset: 1, length: 2 })),
    decode: decodeSnapshotRequest,
  },
  {
    name: 'snapshot offer',
    bytes: join(
      encodeSnapshotReply({
        type: 'offer',
        id,
        checksum: { hi: 1, lo: 2 },
        bytes: 512,
        pageSize: 512,
        membership,
      }),
    ),
    decode: decodeSnapshotReply,
  },
  {
    name: 'write',
    bytes: encodeWrite({ asks: false, id: 'x', statements: [{ sql: 'a', args: ['b', data] }] }),
    decode: decodeWrite,
  },
  { name: 'results', bytes: encodeResults(results), decode: decodeResults },
  {
    name: 'results without columns',
    bytes: encodeResults(
      Array(200).fill({ columns: [], rows: [], changes: 0, lastInsertRowid: 0 }),
    ),
    decode: decodeResults,
  },
  {
    name: 'error',
    bytes: encodeError({
      code: 'SQL',
      message: 'm',
      sqlite: { code: 'c', errcode: 1 },
      statementIndex: 1,
    }),
    decode: decodeError,
  },
  {
    name: 'base file',
    bytes: encodeBase({ base: { id, membership, extra: data }, firstSegment: 1 }),
    decode: sealedBase,
  },
  {
    name: 'entry with membership',
    bytes: Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 1, 97, 0, 0, 0, 1, 98, 1),
    decode: (b) => decodeEntry(header, b),
  },
  {
    name: 'hard state',
    bytes: Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 1, 97),
    decode: (b) => decodeHardState({ ...header, type: 'hard-state' }, b),
  },
  {
    name: 'start',
    bytes: new Uint8Array(26),
    decode: (b) => decodeStart({ ...header, type: 'start' }, b),
  },
  { name: 'segment', bytes: segment(), decode: (b) => scanSegment(b, 5, () => {}) },
  {
    name: 'envelope',
    bytes: encodeEnvelope([{ kind: 1, mustUnderstand: true, bytes: data }]),
    decode: (b) => decodeEnvelope(b, new Set([1])),
  },
  { name: 'redo', bytes: encodeRedo(redo), decode: decodeRedo },
  {
    name: 'delta',
    bytes: Uint8Array.of(1, 1, 1, 2, 3, 4),
    decode: (b) => applyDelta(new Uint8Array(512), b),
  },
  {
    name: 'WAL',
    bytes: wal(),
    decode: (b) => scanWal({ size: b.length, read: (at, n) => b.slice(at, at + n) }),
  },
  {
    name: 'wal-index',
    bytes: join([
      encodeWalIndexHeader(indexHeader),
      encodeWalIndexHeader(indexHeader),
      new Uint8Array(40),
    ]),
    decode: decodeWalIndexHeader,
  },
];

let largest = 0;
let what = '';
let current = '';

/** Every array of bytes that is made by its length, while this stands in for the real one. */
const Counted = new Proxy(Uint8Array, {
  construct(target, args: unknown[], newTarget) {
    const [length] = args;
    if (typeof length === 'number' && length > largest) [largest, what] = [length, current];
    return Reflect.construct(target, args, newTarget) as object;
  },
});

function attempt({ name, decode }: Case, bytes: Uint8Array): void {
  current = name;
  try {
    decode(bytes);
  } catch (error) {
    if (!(error instanceof PacelineError)) throw new Error(`${name}: ${error}`, { cause: error });
  }
}

globalThis.Uint8Array = Counted;
for (const one of CASES) {
  const { bytes } = one;
  for (let at = 0; at < bytes.length; at++)
    for (const value of HUGE)
      for (const littleEndian of [false, true]) {
        const changed = Buffer.from(bytes);
        if (at + 4 <= bytes.length) {
          if (littleEndian) changed.writeUInt32LE(value, at);
          else changed.writeUInt32BE(value, at);
        } else changed[at] = value & 255;
        attempt(one, changed.subarray());
      }
}
console.log(JSON.stringify({ largest, what, cases: CASES.length }));
