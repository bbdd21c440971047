import type fc from 'fast-check';
import { type ErrorCode, PacelineError } from '../../../src/base/errors.ts';

/** A decoder of bytes from outside, and what it is fuzzed with. */
export interface Decoder<T> {
  /** As in "<name> gives …". */
  readonly name: string;
  /** The exported functions of src/ that this reaches, each as `file.ts name`, from `src/` on. */
  readonly of: readonly string[];
  readonly valid: fc.Arbitrary<T>;
  readonly encode: (value: T) => Uint8Array;
  readonly decode: (bytes: Uint8Array) => T;
  /** The only codes that damage may have; RECORD_DAMAGED when absent. */
  readonly codes?: readonly ErrorCode[];
  /** Makes what a checksum covers sound again, so that damage behind it is met. */
  readonly seal?: (bytes: Uint8Array) => void;
  /** What must hold for everything that decodes; by default that it can be encoded, and then is read the same. */
  readonly check?: (value: T) => void;
  readonly runs?: number;
}

/** For lists of decoders of different things. */
export function decoder<T>(of: Decoder<T>): Decoder<unknown> {
  return of as unknown as Decoder<unknown>;
}

/** For what is given its bytes as they are, and says something about them. */
export function reader(
  of: Pick<Decoder<unknown>, 'name' | 'of' | 'codes' | 'seal'> & {
    readonly valid: fc.Arbitrary<Uint8Array>;
    readonly read: (bytes: Uint8Array) => unknown;
  },
): Decoder<unknown> {
  const decode = (bytes: Uint8Array) => {
    of.read(bytes);
    return bytes;
  };
  return decoder<Uint8Array>({ ...of, encode: (bytes) => bytes, decode, check: () => {} });
}

/** For one of several readers of the same bytes: not all of them take what is sound. */
export function ignoreRefusal(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof PacelineError)) throw error;
  }
}
