import { PacelineError } from '../base/errors.ts';
import { decodeRedo, encodeRedo } from '../redo/codec.ts';
import {
  decodeEnvelope,
  encodeEnvelope,
  SECTION_MAY_BE_LOST,
  SECTION_REDO,
} from '../redo/envelope.ts';
import type { RedoRecord } from '../redo/record.ts';

const KNOWN_SECTIONS = new Set([SECTION_REDO]);

const MAY_BE_LOST = {
  kind: SECTION_MAY_BE_LOST,
  mustUnderstand: false,
  bytes: new Uint8Array(0),
};

/** The payload of a log entry. `mayBeLost`: writes in it may be acknowledged before it is committed. */
export function encodeEntryData(record: RedoRecord, mayBeLost = false): Uint8Array {
  const redo = { kind: SECTION_REDO, mustUnderstand: true, bytes: encodeRedo(record) };
  return encodeEnvelope(mayBeLost ? [redo, MAY_BE_LOST] : [redo]);
}

/** Throws RECORD_DAMAGED, PROTOCOL_MISMATCH. */
export function mayBeLost(data: Uint8Array): boolean {
  return decodeEnvelope(data, KNOWN_SECTIONS).some((s) => s.kind === SECTION_MAY_BE_LOST);
}

/** The redo record in an entry's payload. Throws RECORD_DAMAGED, PROTOCOL_MISMATCH. */
export function redoOf(data: Uint8Array): RedoRecord {
  const section = decodeEnvelope(data, KNOWN_SECTIONS).find((s) => s.kind === SECTION_REDO);
  if (section === undefined)
    throw new PacelineError('RECORD_DAMAGED', 'a log entry has a payload without a redo section');
  return decodeRedo(section.bytes);
}

export function tooLarge(bytesMax: number): PacelineError {
  return new PacelineError(
    'TRANSACTION_TOO_LARGE',
    `the transaction changes more than fits in a log entry of ${bytesMax} bytes, and was undone: split it, or raise transactionBytesMax`,
  );
}
