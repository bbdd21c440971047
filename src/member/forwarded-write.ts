import { decodeResults, decodeWrite } from '../api/wire.ts';
import { asPacelineError, PacelineError } from '../base/errors.ts';
import type { Acknowledged } from './pending-writes.ts';
import type { ForwardAnswer, LoopToSql } from './protocol.ts';
import type { QueuedWrite } from './write-queue.ts';

/*
 * What another member's process encoded, as this one's threads need it. A sound frame with other bytes in it than expected comes from
 * a peer with a fault, or of another version: that concerns one write, not the thread that meets it.
 */

/** The write that the order brings; null if it brings none, which `refuse` tells its sender. */
export function readForwarded(
  { key, mayBeLost, handOver }: Extract<LoopToSql, { type: 'write' }>,
  refuse: (write: QueuedWrite, error: PacelineError) => void,
): (QueuedWrite & ReturnType<typeof decodeWrite>) | null {
  try {
    return { ...decodeWrite(handOver), key, mayBeLost, from: 'loop' };
  } catch (error) {
    refuse({ key, id: null, statements: [], from: 'loop' }, asPacelineError(error));
    return null;
  }
}

/** The leader's answer to a write. One that cannot be read leaves its outcome unknown. */
export function readAcknowledged(answer: ForwardAnswer): Acknowledged | PacelineError {
  if ('error' in answer) return PacelineError.fromRecord(answer.error);
  const { position, reached } = answer;
  try {
    return { results: decodeResults(answer.results), position, reached };
  } catch (cause) {
    return new PacelineError(
      'OUTCOME_UNKNOWN',
      'the leader answered the write with something that this member cannot read: ask with outcome(), or at the leader; do both run the same version?',
      { cause },
    );
  }
}
