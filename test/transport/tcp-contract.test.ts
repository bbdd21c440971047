import type { MemberId } from '../../src/raft/entry.ts';
import { CONTRACT_QUEUE_BYTES, type TransportCluster, transportContract } from './contract.ts';
import { until } from './poll.ts';
import { peersOnFreePorts, startMember, type TcpMember } from './tcp-members.ts';

transportContract('tcp', openCluster);

async function openCluster(ids: readonly MemberId[]): Promise<TransportCluster> {
  const peers = await peersOnFreePorts(ids);
  const limits = { queueBytesMax: CONTRACT_QUEUE_BYTES, frameBytesMax: CONTRACT_QUEUE_BYTES / 2 };
  const members = new Map<MemberId, TcpMember>();
  const start = async (id: MemberId) => {
    members.set(id, await startMember(id, peers, { limits }));
  };
  for (const id of ids) await start(id);
  return {
    transport: (id) => members.get(id)!.transport,
    record: (id) => members.get(id)!.record,
    until,
    settle: turnsOfTheLoop,
    stop: (id) => members.get(id)!.transport.close(),
    start,
    close: async () => {
      for (const { transport } of members.values()) await transport.close();
    },
  };
}

/** Enough for loopback to deliver what was sent; a later surplus would be missed, never a lack. */
async function turnsOfTheLoop(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
}
