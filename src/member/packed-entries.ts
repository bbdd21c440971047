import type { Entry, EntryId } from '../raft/entry.ts';
import { type PackedBytes, packBytes, unpackBytes } from './packed-bytes.ts';

/** Successive entries to apply, their data in one buffer, one behind the other. */
export interface PackedEntries extends PackedBytes {
  readonly type: 'apply';
  readonly ids: readonly EntryId[];
}

export function packEntries(entries: readonly Entry[]): PackedEntries {
  const ids = entries.map(({ term, index }) => ({ term, index }));
  return { type: 'apply', ids, ...packBytes(entries.map(({ data }) => data)) };
}

/** The entries without their memberships, which are no concern of the database. */
export function unpackEntries({ ids, ...packed }: Omit<PackedEntries, 'type'>): Entry[] {
  return unpackBytes(packed).map((data, i) => {
    const { term, index } = ids[i]!;
    return { term, index, membership: null, data };
  });
}
