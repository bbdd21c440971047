import { ByteReader, ByteWriter } from '../base/bytes.ts';
import type { Statement } from './request.ts';
import { readStatements, writeStatements } from './wire.ts';

/** What a caller asks of its interactive transaction. The first is always `begin`, the last `commit` or `roll-back`. */
export type TransactionStep =
  | {
      readonly type: 'begin';
      /** The request id that its commit is recorded under (I9). */
      readonly id: string;
      /** From its turn at the writer on; then it is rolled back. */
      readonly lifetimeMs: number;
    }
  | {
      readonly type: 'run';
      readonly statements: readonly Statement[];
      /** A statement that writes is refused. */
      readonly readOnly: boolean;
    }
  | { readonly type: 'commit' }
  | { readonly type: 'roll-back' };

const BEGIN = 1;
const RUN = 2;
const COMMIT = 3;
const ROLL_BACK = 4;

export function encodeStep(step: TransactionStep): Uint8Array {
  const w = new ByteWriter(128);
  switch (step.type) {
    case 'begin':
      return w.u8(BEGIN).text(step.id).u53(step.lifetimeMs).finish();
    case 'run':
      w.u8(RUN).u8(step.readOnly ? 1 : 0);
      return writeStatements(w, step.statements).finish();
    case 'commit':
      return w.u8(COMMIT).finish();
    case 'roll-back':
      return w.u8(ROLL_BACK).finish();
  }
}

/** Throws RECORD_DAMAGED. */
export function decodeStep(bytes: Uint8Array): TransactionStep {
  const r = new ByteReader(bytes, 'step of a transaction');
  const step = readStep(r);
  r.end();
  return step;
}

function readStep(r: ByteReader): TransactionStep {
  const kind = r.u8();
  switch (kind) {
    case BEGIN:
      return { type: 'begin', id: r.text(), lifetimeMs: r.u53() };
    case RUN:
      return { type: 'run', readOnly: r.u8() === 1, statements: readStatements(r) };
    case COMMIT:
      return { type: 'commit' };
    case ROLL_BACK:
      return { type: 'roll-back' };
    default:
      throw r.damaged(`unknown kind of step ${kind}`);
  }
}
