import { assert } from '../base/assert.ts';
import { PacelineError } from '../base/errors.ts';
import { decodeRedo, encodeRedo } from '../redo/codec.ts';
import { decodeEnvelope, encodeEnvelope, SECTION_REDO } from '../redo/envelope.ts';
import type { RedoRecord } from '../redo/record.ts';

const KNOWN_SECTIONS = new Set([SECTION_REDO]);

/** The payload of a log entry. */
export function encodeEntryData(record: RedoRecord): Uint8Array {
  return encodeEnvelope([{ kind: SECTION_REDO, mustUnderstand: true, bytes: encodeRedo(record) }]);
}

/** The redo record in an entry's payload. Throws RECORD_DAMAGED, PROTOCOL_MISMATCH. */
export function redoOf(data: Uint8Array): RedoRecord {
  const section = decodeEnvelope(data, KNOWN_SECTIONS).find((s) => s.kind === SECTION_REDO);
  assert(section !== undefined, 'an entry without a redo section');
  return decodeRedo(section.bytes);
}

export function tooLarge(bytesMax: number): PacelineError {
  return new PacelineError(
    'TRANSACTION_TOO_LARGE',
    `the transaction changes more than fits in a log entry of ${bytesMax} bytes, and was undone: split it, or raise transactionBytesMax`,
  );
}
