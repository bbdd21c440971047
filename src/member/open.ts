import { randomBytes } from 'node:crypto';
import { MessageChannel } from 'node:worker_threads';
import type { LocalDatabase } from '../api/database.ts';
import { type ErrorCode, messageOf, PacelineError } from '../base/errors.ts';
import { Reader } from '../sqlite/reader.ts';
import { endWorker, startWorker } from '../sqlite/start-worker.ts';
import { systemClock } from './clock.ts';
import { identityOf, type Layout, layoutOf, readIdentity } from './directory.ts';
import { removeHalfWritten } from './half-written.ts';
import { Handle } from './handle.ts';
import { HeldDirectory } from './held-directory.ts';
import { KeptPromise } from './kept-promise.ts';
import type { LoopWorkerData } from './loop-worker.ts';
import { createMember } from './new-member.ts';
import { type MemberOptions, type OpenOptions, resolveOptions } from './options.ts';
import { ThreadPort } from './port.ts';
import { promiseMs } from './raft-timing.ts';
import { startReaderThread } from './reader-link.ts';
import { SharedState } from './shared-state.ts';
import type { SqlWorkerData } from './sql-worker.ts';

/** A thread that was told to close ends by itself within this; ended from outside, SQLite's connections in it are cut off. */
const WORKER_END_MS = 3_000;

/**
 * Starts a member of a cluster in this process; resolves when it serves reads, and takes writes as soon as a leader is
 * known. Throws OPTIONS_INVALID, DIRECTORY_IN_USE, DIRECTORY_OF_ANOTHER, ADDRESS_IN_USE, LOG_DAMAGED,
 * HARD_STATE_DAMAGED, DATABASE_DAMAGED, DISK_FULL, IO.
 */
export async function open(options: OpenOptions): Promise<LocalDatabase> {
  const resolved = resolveOptions(options);
  const layout = layoutOf(resolved.dir);
  const identity = identityOf(resolved);
  const directory = new HeldDirectory(resolved.dir, layout, identity);
  try {
    const { cluster } = identity;
    const before = readIdentity(layout, identity);
    removeHalfWritten(layout);
    const logger = options.logger ?? null;
    const warn = (message: string) => logger?.warn({ member: resolved.id }, message);
    if (before === null) {
      await createMember(layout, identity, resolved, warn);
      directory.created();
    }
    const known = before ?? identity;
    const promise = new KeptPromise({
      ...{ layout, identity: known, givesMs: promiseMs(resolved), clock: systemClock },
      onFailure: ({ message }) => warn(message),
    });
    await promise.raise();
    // What counts is what this directory began with, not what it is asked for now.
    const began = { ...resolved, import: known.imported ?? null };
    const handle = startThreads(began, cluster, layout, { directory, promise }, logger);
    await whenReady(handle, directory);
    promise.lower();
    return handle;
  } catch (error) {
    directory.release();
    throw error;
  }
}

/** What the port that members are to be heard on is refused with: nothing was sent or received then. */
const NOT_LISTENING: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'ADDRESS_IN_USE',
  'OPTIONS_INVALID',
]);

async function whenReady(handle: Handle, directory: HeldDirectory): Promise<void> {
  try {
    await handle.ready();
    directory.keep();
  } catch (error) {
    if (!(error instanceof PacelineError && NOT_LISTENING.has(error.code))) directory.keep();
    await handle.close();
    throw error;
  }
}

function startThreads(
  options: MemberOptions,
  cluster: string,
  layout: Layout,
  { directory, promise }: { readonly directory: HeldDirectory; readonly promise: KeptPromise },
  logger: OpenOptions['logger'] | null,
): Handle {
  const shared = new SharedState();
  const [appLoop, appSql, loopSql] = [
    new MessageChannel(),
    new MessageChannel(),
    new MessageChannel(),
  ];
  const loopData: LoopWorkerData = {
    options,
    cluster,
    layout,
    promisedMs: promise.beforeMs,
    app: appLoop.port2,
    sql: loopSql.port1,
    shared: shared.buffer,
  };
  const sqlData: SqlWorkerData = {
    options,
    cluster,
    path: layout.database,
    lost: layout.lost,
    app: appSql.port2,
    loop: loopSql.port2,
    shared: shared.buffer,
  };
  const threads = [
    startWorker(new URL('./loop-worker.js', import.meta.url), loopData, [
      loopData.app,
      loopData.sql,
    ]),
    startWorker(new URL('./sql-worker.js', import.meta.url), sqlData, [sqlData.app, sqlData.loop]),
  ];
  const path = layout.database;
  const { resultBytesMax } = options;
  const handle = new Handle({
    options,
    openReader: () => new Reader(path, resultBytesMax),
    startReader: (stop, events) =>
      startReaderThread({ path, resultBytesMax, shared: shared.buffer, stop }, events),
    sql: new ThreadPort(appSql.port1),
    loop: new ThreadPort(appLoop.port1),
    shared,
    clock: systemClock,
    idPrefix: randomBytes(9).toString('base64url'),
    logger: logger ?? null,
    onClosed: async () => {
      for (const channel of [appLoop, appSql]) channel.port1.close();
      await Promise.all(threads.map((thread) => endWorker(thread, WORKER_END_MS)));
      await promise.stop();
      directory.release();
    },
  });
  for (const { worker } of threads)
    worker.on('error', (error) => handle.threadFailed(asFault(error)));
  return handle;
}

function asFault(error: unknown): PacelineError {
  return new PacelineError(
    'INTERNAL',
    `a thread of this member died: ${messageOf(error)}; this is a bug: please report it`,
    { cause: error },
  );
}
