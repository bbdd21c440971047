import { createServer } from 'node:net';
import type { MemberId } from '../../src/raft/entry.ts';
import type { Peer, TcpLimits, TcpTransportOptions } from '../../src/transport/options.ts';
import { openTcpTransport, type TcpTransport } from '../../src/transport/tcp.ts';
import { Recorder } from './recorder.ts';

/** Quick reactions, so that the tests of refusals, retries and silence do not take seconds. */
export const QUICK: Partial<TcpLimits> = {
  handshakeTimeoutMs: 500,
  backoffMinMs: 5,
  backoffMaxMs: 40,
  aliveIntervalMs: 50,
  silentIntervalsMax: 20,
};

/** One running member with what it has been told. */
export interface TcpMember {
  readonly transport: TcpTransport;
  readonly record: Recorder;
}

/** A list of members on ports that are free now. */
export async function peersOnFreePorts(ids: readonly MemberId[]): Promise<Peer[]> {
  const servers = await Promise.all(
    ids.map(async () => {
      const server = createServer();
      await new Promise<void>((resolve) => {
        server.listen(0, '127.0.0.1', resolve);
      });
      return server;
    }),
  );
  return Promise.all(
    servers.map(async (server, i) => {
      const bound = server.address();
      if (bound === null || typeof bound === 'string') throw new Error('no port');
      await new Promise((resolve) => server.close(resolve));
      return { id: ids[i]!, address: `127.0.0.1:${bound.port}` };
    }),
  );
}

/** Starts `self` out of `members`; whatever differs from the usual is in `options`. */
export async function startMember(
  self: MemberId,
  members: readonly Peer[],
  options: Partial<TcpTransportOptions> = {},
): Promise<TcpMember> {
  const record = new Recorder();
  const listen = members.find((member) => member.id === self)?.address ?? '127.0.0.1:0';
  const transport = await openTcpTransport(
    {
      self,
      listen,
      clusterId: 'test',
      members,
      secret: 'a secret of the tests',
      ...options,
      limits: { ...QUICK, ...options.limits },
    },
    record,
  );
  return { transport, record };
}
