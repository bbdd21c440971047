import { assert } from '../base/assert.ts';
import { ByteReader, ByteWriter } from '../base/bytes.ts';
import { PacelineError } from '../base/errors.ts';

/** The first byte of every log entry's payload. */
const ENVELOPE_VERSION = 1;

/** Set in a section that a member must not skip if it does not know its kind. */
const MUST_UNDERSTAND = 1;
const HEADER_BYTES = 1;
const SECTION_HEADER_BYTES = 6;

/** More sections than any version writes; bounds what a damaged payload can make a member do. */
export const SECTIONS_MAX = 64;

/** The kinds of section. Numbers are stable. */
export const SECTION_REDO = 1;
/** Empty: the entry has writes that asked for less than a majority. */
export const SECTION_MAY_BE_LOST = 2;

/** A part of a log entry's payload. Members skip sections that they need not understand. */
export interface Section {
  /** 0..255. */
  readonly kind: number;
  readonly mustUnderstand: boolean;
  readonly bytes: Uint8Array;
}

/** The payload of a log entry: a version, then the sections with kind, flags and length. */
export function encodeEnvelope(sections: readonly Section[]): Uint8Array {
  assert(sections.length <= SECTIONS_MAX, `${sections.length} sections in one entry`);
  let size = HEADER_BYTES;
  for (const { bytes } of sections) size += SECTION_HEADER_BYTES + bytes.length;
  const writer = new ByteWriter(size).u8(ENVELOPE_VERSION);
  for (const { kind, mustUnderstand, bytes } of sections) {
    assert(kind >= 0 && kind <= 255, `section kind ${kind}`);
    writer
      .u8(kind)
      .u8(mustUnderstand ? MUST_UNDERSTAND : 0)
      .block(bytes);
  }
  assert(writer.length === size, 'an envelope has the size that was computed');
  return writer.finish();
}

/**
 * The sections, sharing memory with the payload; those of unknown kind are among them if they may
 * be skipped. Throws RECORD_DAMAGED for bytes that are no envelope, PROTOCOL_MISMATCH for one that
 * a newer version wrote and that this one cannot take.
 * @param known the kinds that the caller understands
 */
export function decodeEnvelope(payload: Uint8Array, known: ReadonlySet<number>): Section[] {
  const reader = new ByteReader(payload, 'log entry');
  const version = reader.u8();
  if (version === 0) throw reader.damaged('the version is 0');
  if (version > ENVELOPE_VERSION) throw tooNew(`has version ${version}`);
  const sections: Section[] = [];
  while (reader.remaining > 0) {
    if (sections.length === SECTIONS_MAX) throw reader.damaged('too many sections');
    const kind = reader.u8();
    const flags = reader.u8();
    if ((flags & ~MUST_UNDERSTAND) !== 0) throw reader.damaged(`the flags are ${flags}`);
    const mustUnderstand = flags === MUST_UNDERSTAND;
    const bytes = reader.block();
    if (mustUnderstand && !known.has(kind)) throw tooNew(`has a section of kind ${kind}`);
    sections.push({ kind, mustUnderstand, bytes });
  }
  return sections;
}

function tooNew(what: string): PacelineError {
  const message = `a log entry ${what}, which this version does not know; upgrade this member`;
  return new PacelineError('PROTOCOL_MISMATCH', message);
}
