import { basename } from 'node:path';
import { PacelineError } from '../base/errors.ts';
import { decodeEntry } from '../log-store/record-body.ts';
import { scanSegment } from '../log-store/scan.ts';
import { decodeSegmentHeader } from '../log-store/segment-header.ts';
import { decodeRedo } from '../redo/codec.ts';
import { describeRedo } from '../redo/describe.ts';
import { decodeEnvelope, SECTION_REDO } from '../redo/envelope.ts';
import { checkKind, isNot, kindOf } from './file-kind.ts';
import type { FileSource } from './file-source.ts';

/** A dump shows what it does not know; only members must understand every kind. */
const ALL_KINDS: ReadonlySet<number> = new Set(Array.from({ length: 256 }, (_, kind) => kind));

/** The payload that is alone in a file. Throws OPTIONS_INVALID where the file is known to be another. */
export function wholePayload(source: FileSource): Uint8Array {
  const kind = kindOf(source);
  if (kind === null) return source.read(0, source.size);
  if (kind !== 'log') throw isNot(source, "a log entry's payload", kind);
  const hint = `say which entry with --index; paceline dump log ${source.path} lists them`;
  throw new PacelineError('OPTIONS_INVALID', `${source.path} is a file of the log: ${hint}`);
}

/** The lines of `dump redo`: the sections of a log entry's payload. Throws RECORD_DAMAGED. */
export function* describePayload(payload: Uint8Array): Generator<string> {
  if (payload.length === 0) {
    yield 'empty: the entry that begins a term, or a change of members';
    return;
  }
  for (const { kind, bytes } of decodeEnvelope(payload, ALL_KINDS)) {
    yield `section of kind ${kind}, ${bytes.length} bytes`;
    if (kind === SECTION_REDO) yield* describeRedo(decodeRedo(bytes));
  }
}

/** The payload of entry `index` in a log segment: the last one, when a truncation made room for another. Throws OPTIONS_INVALID. */
export function findPayload(source: FileSource, index: number): Uint8Array {
  checkKind(source, ['log']);
  const bytes = source.read(0, source.size);
  const { salt } = decodeSegmentHeader(bytes, source.path);
  let payload: Uint8Array | null = null;
  scanSegment(bytes, salt, (_at, header, body) => {
    if (header.type === 'entry' && header.index === index) payload = decodeEntry(header, body).data;
  });
  if (payload !== null) return payload;
  const hint = `paceline dump log ${basename(source.path)} lists what is there`;
  throw new PacelineError('OPTIONS_INVALID', `${source.path} has no entry ${index}; ${hint}`);
}
