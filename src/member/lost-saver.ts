import { asPacelineError, type ErrorRecord, messageOf, PacelineError } from '../base/errors.ts';
import { mayBeLost } from '../sqlite/entry-data.ts';
import { type LostImages, lostImages } from '../sqlite/lost-images.ts';
import type { DatabaseHome } from './database-home.ts';
import { encodeLostFile, type LostFile } from './lost-file.ts';
import type { MemberOptions } from './options.ts';
import { unpackEntries } from './packed-entries.ts';
import type { LoopToSql, SqlToLoop } from './protocol.ts';
import type { RunningDatabase } from './running-database.ts';

export interface LostSaverParts {
  readonly home: DatabaseHome;
  readonly cluster: string;
  readonly options: MemberOptions;
}

type Order = Extract<LoopToSql, { type: 'save-lost' }>;
type Saved = Extract<SqlToLoop, { type: 'lost-saved' }>;

/** Saves what a failover discards, while the database can still tell what it was about; durable when this returns. */
export function saveLost(
  order: Order,
  running: RunningDatabase | null,
  parts: LostSaverParts,
): Saved {
  const { term, index } = order.common;
  const name = `${term}.${index + 1}-${order.ids.at(-1)!.term}.${order.ids.at(-1)!.index}.lost`;
  const entries = order.ids.length;
  try {
    const file = parts.home.saveLost(name, encodeLostFile(lostFile(order, running, parts)));
    return { type: 'lost-saved', file, entries, error: null };
  } catch (error) {
    return { type: 'lost-saved', file: name, entries, error: asFailure(error) };
  }
}

function asFailure(error: unknown): ErrorRecord {
  if (error instanceof PacelineError) return error.toRecord();
  return asPacelineError(new PacelineError('IO', messageOf(error))).toRecord();
}

function lostFile(order: Order, running: RunningDatabase | null, parts: LostSaverParts): LostFile {
  const entries = unpackEntries(order);
  const images = imagesOf(order, running);
  return {
    ...{ cluster: parts.cluster, member: parts.options.id, common: order.common },
    ...{ pageSize: running?.database.pageSize ?? 0, omitted: order.omitted },
    entries: entries.map(({ term, index, data }, i) => ({
      id: { term, index },
      mayBeAcknowledged: mayBeLost(data),
      pages: images?.pages[i] ?? new Map<number, Uint8Array>(),
      payload: data,
    })),
    rows: images?.rows ?? [],
    untold: images?.untold ?? ['all rows: the database does not go back to the common position'],
  };
}

/** Null where the database cannot tell any more: then the payloads, page differences, are all there is. */
function imagesOf(order: Order, running: RunningDatabase | null): LostImages | null {
  const before = running?.engine.commits.at(order.common);
  if (running === null || before === undefined) return null;
  const { wal, pageSize } = running.database;
  return lostImages(wal, pageSize, before, unpackEntries(order));
}
