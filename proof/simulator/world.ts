import type { PacelineError } from '../../src/base/errors.ts';
import type { Loop } from '../../src/member/loop.ts';
import type { MemoryNetwork } from '../../src/transport/memory.ts';
import { decodeMessage } from '../../src/transport/message-codec.ts';
import type { Timeline } from '../../src/transport/timeline.ts';
import type { Transport } from '../../src/transport/transport.ts';
import type { Checker } from './checker.ts';
import type { MemberProcess } from './member.ts';
import type { Plan } from './plan.ts';
import type { Trace } from './trace.ts';
import type { RaftClass } from './watched-raft.ts';

/** What a test may put in the place of the product's or the simulator's own. */
export interface Parts {
  readonly raft: RaftClass;
}

/** What everything in one run shares. */
export interface World {
  readonly plan: Plan;
  readonly cluster: string;
  readonly timeline: Timeline;
  readonly network: MemoryNetwork;
  readonly trace: Trace;
  readonly checker: Checker;
  readonly parts: Parts;
  /** In which something happened last. */
  current: MemberProcess | null;
  /** Set by a step from which nothing follows: the next one need not wait until all microtasks are done. */
  still: boolean;
  /** Notes a violation: what the checker throws must not come into the product's hands. */
  check(work: () => void): void;
  /** The product stopped a member by itself. */
  memberFailed(process: MemberProcess, error: PacelineError): void;
  join(process: MemberProcess, loop: Loop): Transport;
}

/** Raft's votes, by the first byte of their frames. */
const VOTE_REQUEST = 1;
const VOTE_RESPONSE = 2;

/** Connects a member's loop with the network, and shows the checker what it promises. */
export function joinNetwork(
  { network, checker, check }: World,
  process: MemberProcess,
  loop: Loop,
): Transport {
  const { id, loopThread } = process;
  const transport = network.join(id, {
    onFrame: (from, channel, payload) => loopThread.run(() => loop.onFrame(from, channel, payload)),
    onConnect: (peer) => loopThread.run(() => loop.onConnect(peer)),
    onDisconnect: (peer) => loopThread.run(() => loop.onDisconnect(peer)),
    onRefused: (peer, error) => loopThread.run(() => loop.onRefused(peer, error)),
  });
  return {
    send(to, channel, parts) {
      const type = channel === 'raft' ? parts[0]?.[0] : undefined;
      if (type === VOTE_REQUEST || type === VOTE_RESPONSE)
        check(() => checker.sent(decodeMessage(parts[0]!, id, to)));
      return transport.send(to, channel, parts);
    },
    queuedBytes: (to) => transport.queuedBytes(to),
    isConnected: (to) => transport.isConnected(to),
    close: () => transport.close(),
  };
}
