import { randomBytes } from 'node:crypto';
import { type MessagePort, workerData } from 'node:worker_threads';
import { asPacelineError, type PacelineError } from '../base/errors.ts';
import { openFileLog } from '../log-store/file.ts';
import type { LogStore } from '../log-store/log-store.ts';
import { Raft } from '../raft/raft.ts';
import { openTcpTransport, type TcpTransport } from '../transport/tcp.ts';
import { systemClock } from './clock.ts';
import type { Layout } from './directory.ts';
import { Loop } from './loop.ts';
import { FRAME_MARGIN_BYTES, logLimits, membershipOf } from './new-member.ts';
import type { MemberOptions } from './options.ts';
import { ThreadPort } from './port.ts';
import type { AppToLoop, LoopToApp, LoopToSql, SqlToLoop } from './protocol.ts';
import { raftConfig, TICK_MS } from './raft-timing.ts';
import { SharedState } from './shared-state.ts';
import { diskFiles } from './snapshot-files.ts';

/** What the application's thread gives the loop's. */
export interface LoopWorkerData {
  readonly options: MemberOptions;
  readonly cluster: string;
  readonly layout: Layout;
  /** The longest promise of a voter that may have been given before this start. */
  readonly promisedMs: number;
  readonly sql: MessagePort;
  readonly app: MessagePort;
  readonly shared: SharedArrayBuffer;
}

const data = workerData as LoopWorkerData;
const app = new ThreadPort<AppToLoop, LoopToApp>(data.app);

/** Wires the real log, network, clock and chance to the loop; the one place that knows them all. */
async function start(): Promise<void> {
  const { options, cluster, layout, shared } = data;
  const running: { loop?: Loop } = {};
  const log = await openLog((error) => running.loop?.fail(error));
  const seed = randomBytes(4).readUInt32BE(0);
  const loop = new Loop({
    options,
    cluster,
    log,
    raft: new Raft(raftConfig(options, seed, data.promisedMs), log, log.hardState),
    sql: new ThreadPort<SqlToLoop, LoopToSql>(data.sql),
    app,
    shared: new SharedState(shared),
    incarnation: randomBytes(4).readUInt32BE(0),
    incomingFile: layout.incoming,
    snapshotFiles: diskFiles,
    clock: systemClock,
    onStopped: () => stop(),
  });
  running.loop = loop;
  const transport = await openTransport(loop).catch(async (error) => {
    await log.close();
    throw error;
  });
  const timer = setInterval(() => loop.tick(), TICK_MS);
  loop.start(transport, transport.address);

  async function stop(): Promise<void> {
    clearInterval(timer);
    await transport.close();
    await log.close();
    app.post({ type: 'closed' });
    app.close();
  }
}

function openLog(onFailure: (error: PacelineError) => void): Promise<LogStore> {
  return openFileLog({ dir: data.layout.log, onFailure, ...logLimits(data.options) });
}

function openTransport(loop: Loop): Promise<TcpTransport> {
  const { options, cluster } = data;
  const frameBytesMax = options.transactionBytesMax + 2 * FRAME_MARGIN_BYTES;
  return openTcpTransport(
    {
      self: options.id,
      listen: options.listen,
      clusterId: cluster,
      members: membershipOf(options),
      secret: options.secret,
      limits: { frameBytesMax, queueBytesMax: 2 * frameBytesMax },
    },
    loop,
  );
}

start().catch((error: unknown) => {
  app.post({ type: 'failed', error: asPacelineError(error).toRecord() });
  app.post({ type: 'closed' });
  app.close();
});
