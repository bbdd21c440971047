import { type MessagePort, workerData } from 'node:worker_threads';
import { systemClock } from './clock.ts';
import { sqliteHome } from './database-home.ts';
import type { MemberOptions } from './options.ts';
import { ThreadPort } from './port.ts';
import { SharedState } from './shared-state.ts';
import { SqlThread } from './sql-thread.ts';

/** What the application's thread gives the SQL thread. */
export interface SqlWorkerData {
  readonly path: string;
  /** Directory of files of lost writes. */
  readonly lost: string;
  readonly cluster: string;
  readonly options: MemberOptions;
  readonly loop: MessagePort;
  readonly app: MessagePort;
  readonly shared: SharedArrayBuffer;
}

const { path, lost, cluster, options, loop, app, shared } = workerData as SqlWorkerData;

new SqlThread({
  home: sqliteHome(path, lost),
  cluster,
  options,
  clock: systemClock,
  loop: new ThreadPort(loop),
  app: new ThreadPort(app),
  shared: new SharedState(shared),
}).start();
