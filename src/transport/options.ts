import { parseAddress } from '../base/address.ts';
import { PacelineError } from '../base/errors.ts';
import type { MemberId } from '../raft/entry.ts';

/** One member of the configured list. */
export interface Peer {
  readonly id: MemberId;
  /** `host:port`, as seen from this member. */
  readonly address: string;
}

/** Every limit and wait of the TCP transport. */
export interface TcpLimits {
  /** Largest payload of one frame. A longer one announced by a peer closes its connection. */
  readonly frameBytesMax: number;
  /** Bytes that may wait for one peer; at the limit new frames are dropped and `send` says so. */
  readonly queueBytesMax: number;
  /** Frames that may wait for one peer; the same happens at the limit. */
  readonly queueFramesMax: number;
  /** Bytes after which a write to the kernel takes no further frame; memory is freed write by write. */
  readonly writeBytesMax: number;
  /** From dialling or accepting until both sides have proved the secret; then the socket is closed. */
  readonly handshakeTimeoutMs: number;
  /** Incoming connections that have not proved themselves yet; one more is closed at once. */
  readonly handshakesMax: number;
  /** First wait between two attempts to dial; doubles from there. */
  readonly backoffMinMs: number;
  /** Longest wait between two attempts, and the wait after a refusal. */
  readonly backoffMaxMs: number;
  /** How often each side of a connection gives a sign of life. */
  readonly aliveIntervalMs: number;
  /** Such intervals without a byte from the peer after which the connection is closed as half open. */
  readonly silentIntervalsMax: number;
  /** The same refusal of the same peer is reported once in this time. */
  readonly refusalRepeatMs: number;
}

export const TCP_LIMITS: TcpLimits = {
  frameBytesMax: 32 * 1024 * 1024, // a big transaction travels as one frame
  queueBytesMax: 64 * 1024 * 1024, // two of the largest frames; memory per peer
  queueFramesMax: 65_536, // a queue of tiny frames costs memory by their number, not their bytes
  writeBytesMax: 1024 * 1024, // about one socket buffer; larger writes gain nothing
  handshakeTimeoutMs: 3000, // two round trips; also covers a host that swallows the SYN
  handshakesMax: 64, // far above the members of a cluster; bounds what strangers can hold open
  backoffMinMs: 20,
  backoffMaxMs: 1000, // a member that comes back is found within a second even if it cannot dial us
  aliveIntervalMs: 1000,
  silentIntervalsMax: 10, // 10 s: longer than a pause of the loop, shorter than TCP's 15 minutes
  refusalRepeatMs: 60_000,
};

export interface TcpTransportOptions {
  readonly self: MemberId;
  /** `host:port` to listen on; port 0 takes a free one. */
  readonly listen: string;
  readonly clusterId: string;
  /** Every member of the cluster, this one included. */
  readonly members: readonly Peer[];
  /** Known to all members alike; it never crosses the network. `null`: no authentication. */
  readonly secret: string | null;
  readonly limits?: Partial<TcpLimits>;
}

/** Bounds the handshake, which carries ids of strangers. */
const ID_CHARACTERS_MAX = 128;

/** The limits to use; throws OPTIONS_INVALID for anything that could not work. */
export function checkTcpOptions(options: TcpTransportOptions): TcpLimits {
  checkId(options.clusterId, 'clusterId');
  parseAddress(options.listen);
  if (options.secret === '') throw invalid('secret is empty; set one, or leave it out');
  const ids = options.members.map((member) => member.id);
  if (new Set(ids).size !== ids.length) throw invalid(`members: an id appears twice (${ids})`);
  if (!ids.includes(options.self))
    throw invalid(`members: ${options.self}, this member, is missing`);
  for (const { id, address } of options.members) {
    checkId(id, 'members');
    if (parseAddress(address).port === 0 && id !== options.self) {
      throw invalid(`members: the address of ${id} has port 0; give the port that it listens on`);
    }
  }
  return checkLimits({ ...TCP_LIMITS, ...options.limits });
}

function checkLimits(limits: TcpLimits): TcpLimits {
  for (const [name, value] of Object.entries(limits)) {
    if (!Number.isSafeInteger(value) || value < 1) throw invalid(`${name} must be at least 1`);
  }
  if (limits.frameBytesMax > 0x7fffffff) throw invalid('frameBytesMax must be below 2 GiB');
  if (limits.queueBytesMax < limits.frameBytesMax) {
    throw invalid('queueBytesMax must be at least frameBytesMax, or the largest frame never fits');
  }
  if (limits.backoffMaxMs < limits.backoffMinMs) {
    throw invalid('backoffMaxMs must be at least backoffMinMs');
  }
  return limits;
}

function checkId(id: string, what: string): void {
  if (/^[\x21-\x7e]+$/.test(id) && id.length <= ID_CHARACTERS_MAX) return;
  const rule = `an id is 1 to ${ID_CHARACTERS_MAX} printable ASCII characters without blanks`;
  throw invalid(`${what}: ${JSON.stringify(id)} is not an id; ${rule}`);
}

function invalid(message: string): PacelineError {
  return new PacelineError('OPTIONS_INVALID', message);
}
