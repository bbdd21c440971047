import type { LoopToApp } from './protocol.ts';
import type { WritePath } from './write-path.ts';

type ToWrites = Extract<
  LoopToApp,
  { readonly type: 'committed' | 'settled' | 'reached' | 'forwarded-results' | 'forwarded-error' }
>;

/** What the loop says about the writes of its handle. */
export function tellWrites(writes: WritePath, message: ToWrites): void {
  if (message.type === 'committed') writes.committed(message.index);
  else if (message.type === 'settled') writes.settled(message);
  else if (message.type === 'reached') writes.reached(message.key, message.reached);
  else writes.forwarded(message);
}
