import { decodeResults, decodeWrite } from '../api/wire.ts';
import { asPacelineError, PacelineError } from '../base/errors.ts';
import { unpackBytes } from './packed-bytes.ts';
import type { Acknowledged } from './pending-writes.ts';
import type { LeaderAnswer } from './protocol.ts';
import type { QueuedWrite } from './write-queue.ts';

/*
 * What another member's process encoded, as this one's threads need it. A sound frame with other bytes in it than expected comes from
 * a peer with a fault, or of another version: that concerns one write, not the thread that meets it.
 */

type ForwardedWrite = QueuedWrite & ReturnType<typeof decodeWrite>;

/** The write that these bytes are; null if they are none, which `refuse` tells its sender. */
export function readForwarded(
  key: number,
  bytes: Uint8Array,
  mayBeLost: boolean,
  refuse: (write: QueuedWrite, error: PacelineError) => void,
): ForwardedWrite | null {
  try {
    return { ...decodeWrite(bytes), key, mayBeLost, from: 'loop' };
  } catch (error) {
    refuse({ key, id: null, statements: [], from: 'loop' }, asPacelineError(error));
    return null;
  }
}

/** The leader's answers, each with the key of its write. */
export function* eachAcknowledged(
  message: LeaderAnswer,
): Generator<[key: number, answer: Acknowledged | PacelineError]> {
  if (message.type === 'forwarded-error')
    return yield [message.key, PacelineError.fromRecord(message.error)];
  for (const [i, bytes] of unpackBytes(message).entries())
    yield [message.keys[i]!, readAcknowledged(bytes, message)];
}

/** The leader's answer to a write. One that cannot be read leaves its outcome unknown. */
export function readAcknowledged(
  bytes: Uint8Array,
  { position, reached }: Omit<Acknowledged, 'results'>,
): Acknowledged | PacelineError {
  try {
    return { results: decodeResults(bytes), position, reached };
  } catch (cause) {
    return new PacelineError(
      'OUTCOME_UNKNOWN',
      'the leader answered the write with something that this member cannot read: ask with outcome(), or at the leader; do both run the same version?',
      { cause },
    );
  }
}
