import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { MessageChannel } from 'node:worker_threads';
import type { LocalDatabase } from '../api/database.ts';
import { messageOf, PacelineError } from '../base/errors.ts';
import { DirectoryLock } from '../sqlite/directory-lock.ts';
import { Reader } from '../sqlite/reader.ts';
import { endWorker, startWorker } from '../sqlite/start-worker.ts';
import { systemClock } from './clock.ts';
import { identityOf, type Layout, layoutOf, makeDirectory, readIdentity } from './directory.ts';
import { removeHalfWritten } from './half-written.ts';
import { Handle } from './handle.ts';
import type { LoopWorkerData } from './loop-worker.ts';
import { createMember } from './new-member.ts';
import { type MemberOptions, type OpenOptions, resolveOptions } from './options.ts';
import { ThreadPort } from './port.ts';
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
  makeDirectory(resolved.dir);
  // Where no member ever was, not even the lock is made before it is known that one may be there.
  if (!existsSync(layout.lock)) readIdentity(layout, identity);
  const lock = new DirectoryLock(layout.lock, resolved.dir);
  try {
    const { cluster } = identity;
    const known = readIdentity(layout, identity);
    removeHalfWritten(layout);
    if (known === null) await createMember(layout, identity, resolved);
    // What counts is what this directory began with, not what it is asked for now.
    const began = known === null ? resolved : { ...resolved, import: known.imported ?? null };
    const handle = startThreads(began, cluster, layout, lock, options.logger ?? null);
    await whenReady(handle);
    return handle;
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function whenReady(handle: Handle): Promise<void> {
  try {
    await handle.ready();
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function startThreads(
  options: MemberOptions,
  cluster: string,
  layout: Layout,
  lock: DirectoryLock,
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
      lock.release();
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
