import type { PacelineError } from '../../src/base/errors.ts';
import { type FileLog, openFileLog } from '../../src/log-store/file.ts';
import type { LogBase, LogStore, LogWrite } from '../../src/log-store/log-store.ts';
import type { FileLogOptions } from '../../src/log-store/options.ts';
import {
  type Entry,
  type HardState,
  INITIAL_HARD_STATE,
  type Membership,
  ORIGIN,
} from '../../src/raft/entry.ts';

export const MEMBERS: Membership = [
  { id: 'a', address: 'host-a:7000', voter: true },
  { id: 'b', address: 'host-b:7000', voter: false },
];

export function baseAt(index: number, term: number, extra = ''): LogBase {
  return { id: { index, term }, membership: MEMBERS, extra: new TextEncoder().encode(extra) };
}

export const CREATION = {
  base: { id: ORIGIN, membership: MEMBERS, extra: new Uint8Array(0) },
  hardState: INITIAL_HARD_STATE,
};

export function entry(index: number, term: number, bytes = 10): Entry {
  const data = Uint8Array.from({ length: bytes }, (_, i) => index * 7 + term * 31 + i);
  return { index, term, membership: null, data };
}

export function entriesFrom(index: number, count: number, term: number, bytes = 10): Entry[] {
  return Array.from({ length: count }, (_, i) => entry(index + i, term, bytes));
}

export function change(parts: Partial<LogWrite>): LogWrite {
  return { truncateFrom: null, entries: [], hardState: null, ...parts };
}

/** Resolves when the write is durable. */
export function written(log: LogStore, parts: Partial<LogWrite>): Promise<void> {
  return new Promise((resolve) => log.write(change(parts), resolve));
}

export function resetTo(log: LogStore, base: LogBase): Promise<void> {
  return new Promise((resolve) => log.reset(base, resolve));
}

/**
 * Small segments and no idle seals, so that tests meet every change of segment, and decide on
 * seals.
 */
export function open(dir: string, options: Partial<FileLogOptions> = {}): Promise<FileLog> {
  return openFileLog({
    dir,
    create: CREATION,
    segmentBytesMax: 2048,
    sealDelayMs: 1_000_000,
    onFailure: (error: PacelineError) => {
      throw error;
    },
    ...options,
  });
}

export interface Contents {
  readonly base: LogBase;
  readonly hardState: HardState;
  readonly entries: readonly Entry[];
}

/** Everything that a reader can see of a log. */
export function contents(log: LogStore): Contents {
  const first = log.base.index + 1;
  const entries = first > log.lastIndex ? [] : log.entries(first, log.lastIndex, Infinity);
  const base = { id: log.base, membership: log.baseMembership, extra: log.baseExtra };
  return { base, hardState: log.hardState, entries };
}
