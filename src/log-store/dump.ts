import { readFileSync } from 'node:fs';
import { messageOf } from '../base/errors.ts';
import type { HardState } from '../raft/entry.ts';
import { decodeBase } from './base-file.ts';
import type { RecordHeader } from './record.ts';
import { decodeEntry, decodeHardState, decodeStart } from './record-body.ts';
import { type SegmentEnd, scanSegment } from './scan.ts';
import { decodeSegmentHeader } from './segment-header.ts';

/**
 * A file of the log (segment or `base`) as text, one line for each record with its offset. Damage
 * does not throw: the dump says where it is and ends there. Throws only when the file cannot be
 * read.
 */
export function* dumpLog(file: string): Generator<string> {
  const bytes = new Uint8Array(readFileSync(file));
  try {
    if (isBase(bytes)) yield describeBase(bytes, file);
    else yield* dumpSegment(bytes, file);
  } catch (error) {
    yield `!! ${messageOf(error)}`;
  }
}

/** The two kinds of file differ in the fifth letter of their magic. */
function isBase(bytes: Uint8Array): boolean {
  return String.fromCharCode(...bytes.subarray(0, 8)) === 'PCLNBAS1';
}

function describeBase(bytes: Uint8Array, file: string): string {
  const { base, firstSegment } = decodeBase(bytes, file);
  const { id, membership, extra } = base;
  const members = membership.map(({ id: name, voter }) => (voter ? name : `${name}(learner)`));
  const log = `${id.index}@${id.term} first segment ${firstSegment}`;
  return `0 base ${log} members ${members.join(',')} extra ${extra.length} bytes`;
}

function* dumpSegment(bytes: Uint8Array, file: string): Generator<string> {
  const { sequence, salt } = decodeSegmentHeader(bytes, file);
  yield `0 segment ${sequence} salt ${salt.toString(16).padStart(8, '0')} size ${bytes.length}`;
  const lines: string[] = [];
  const end = scanSegment(bytes, salt, (at, header, body) => {
    lines.push(`${at} ${describe(header, body)}`);
  });
  yield* lines;
  yield describeEnd(end);
}

function describe(header: RecordHeader, body: Uint8Array): string {
  const flush = `flush ${header.flushOffset}`;
  try {
    return `${header.type} ${details(header, body)} ${flush}`;
  } catch (error) {
    return `${header.type} ${flush} !! ${messageOf(error)}`;
  }
}

function details(header: RecordHeader, body: Uint8Array): string {
  const id = `${header.index}@${header.term}`;
  if (header.type === 'seal') return `last ${id}`;
  if (header.type === 'truncate') return `from ${header.index}`;
  if (header.type === 'hard-state') return describeVote(decodeHardState(header, body));
  if (header.type === 'start') {
    const { fresh, previousEnd, hardState } = decodeStart(header, body);
    const link = fresh ? 'fresh' : `previous end ${previousEnd}`;
    return `after ${id} ${link} ${describeVote(hardState)}`;
  }
  const entry = decodeEntry(header, body);
  const members = entry.membership?.map((member) => member.id).join(',');
  return `${id} ${entry.data.length} bytes${members === undefined ? '' : ` members ${members}`}`;
}

function describeVote({ term, vote, commit }: HardState): string {
  return `term ${term} vote ${vote ?? '-'} commit ${commit}`;
}

function describeEnd(end: SegmentEnd): string {
  if (end.tail === 'clean') return `${end.at} end`;
  return `!! ${end.at} ${end.tail}${end.type === null ? '' : ` ${end.type}`}: ${end.why}`;
}
