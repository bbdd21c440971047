import { PacelineError } from '../base/errors.ts';
import type { MemberId } from '../raft/entry.ts';
import {
  type ControlMessage,
  decodeControl,
  encodeControl,
  type Hello,
  PROTOCOL_VERSION,
} from './control.ts';
import { digestOf, proofOf, sameBytes } from './proof.ts';
import { type Refusal, type RefusalReason, refusedByPeer, refusedByUs } from './refusal.ts';

/**
 * Who two members are to each other, and the proof that both know the secret:
 *
 *   dialler → hello        acceptor → hello        dialler → proof        acceptor → welcome
 *
 * A proof is HMAC-SHA256(secret, role, dialler's hello, acceptor's hello). Both hellos carry a
 * fresh nonce, so a proof is good for one connection; the role is in it, so that neither side's
 * proof can be sent back as the other's; ids, cluster and list of members are in it, so that
 * nobody between can change them. The dialler proves first: a stranger who dials learns no MAC on
 * which to try out secrets. What follows the handshake is not authenticated: that is for TLS.
 */
export type Step =
  | { readonly kind: 'reply'; readonly payload: Uint8Array }
  | { readonly kind: 'established'; readonly peer: MemberId; readonly payload: Uint8Array | null }
  /** `payload`, if any, is to be sent before closing. `peer` is a claim: it may not be proved. */
  | {
      readonly kind: 'refused';
      readonly peer: MemberId | null;
      readonly error: PacelineError;
      readonly payload: Uint8Array | null;
    };

/** What one member is in every handshake. */
export interface Identity {
  readonly self: MemberId;
  readonly clusterId: string;
  readonly memberIds: readonly MemberId[];
  readonly secret: string | null;
}

/** The dialler's side of one handshake. */
export class DiallerHandshake {
  readonly #identity: Identity;
  readonly #target: MemberId;
  readonly #where: string;
  readonly #mine: Uint8Array;
  #theirs: Uint8Array | null = null;

  /** `where`: the address dialled, for errors. `nonce`: NONCE_BYTES bytes that nobody can foresee. */
  constructor(identity: Identity, target: MemberId, where: string, nonce: Uint8Array) {
    this.#identity = identity;
    this.#target = target;
    this.#where = where;
    this.#mine = encodeHello(identity, target, nonce);
  }

  /** The first frame. */
  start(): Uint8Array {
    return this.#mine;
  }

  receive(payload: Uint8Array): Step {
    const message = readMessage(payload);
    if (message?.kind === 'refusal') return refusedStep(this.#target, this.#where, message.refusal);
    if (this.#theirs === null) return this.#receiveHello(payload, message);
    return this.#receiveWelcome(this.#theirs, message);
  }

  #receiveHello(payload: Uint8Array, message: ControlMessage | null): Step {
    const checked = checkHello(this.#identity, message);
    if (!('hello' in checked)) return refuse(this.#target, this.#where, checked);
    const { hello } = checked;
    if (hello.member !== this.#target || hello.expected !== this.#identity.self) {
      const mine = `dialled ${this.#target}`;
      return refuse(this.#target, this.#where, {
        reason: 'identity',
        mine,
        yours: `is ${hello.member}`,
      });
    }
    this.#theirs = payload.slice();
    const mac = proofOf(this.#identity.secret, 'dialler', this.#mine, this.#theirs);
    const same = sameBytes(hello.membersDigest, digestOf(this.#identity.memberIds));
    const members = same ? '' : this.#identity.memberIds.join(' ');
    return { kind: 'reply', payload: encodeControl({ kind: 'proof', mac, members }) };
  }

  #receiveWelcome(theirs: Uint8Array, message: ControlMessage | null): Step {
    if (message?.kind !== 'welcome')
      return refuse(this.#target, this.#where, malformed('a welcome'));
    const expected = proofOf(this.#identity.secret, 'acceptor', this.#mine, theirs);
    if (!sameBytes(message.mac, expected)) return refuse(this.#target, this.#where, WRONG_SECRET);
    return { kind: 'established', peer: this.#target, payload: null };
  }
}

/** The acceptor's side of one handshake. */
export class AcceptorHandshake {
  readonly #identity: Identity;
  readonly #where: string;
  readonly #nonce: Uint8Array;
  /** The dialler's hello, once it came and was answered with `mine`. */
  #dialler: { hello: Hello; theirs: Uint8Array; mine: Uint8Array } | null = null;

  /** `where`: the address that the connection comes from, for errors. */
  constructor(identity: Identity, where: string, nonce: Uint8Array) {
    this.#identity = identity;
    this.#where = where;
    this.#nonce = nonce;
  }

  receive(payload: Uint8Array): Step {
    const message = readMessage(payload);
    const peer = this.#dialler?.hello.member ?? null;
    if (message?.kind === 'refusal') return refusedStep(peer, this.#where, message.refusal);
    if (this.#dialler === null) return this.#receiveHello(payload, message);
    return this.#receiveProof(this.#dialler, message);
  }

  #receiveHello(payload: Uint8Array, message: ControlMessage | null): Step {
    const { self } = this.#identity;
    const checked = checkHello(this.#identity, message);
    if (!('hello' in checked)) return refuse(claimed(message), this.#where, checked);
    const { hello } = checked;
    if (hello.expected !== self || hello.member === self) {
      const yours = `is ${hello.member} and dialled ${hello.expected}`;
      return refuse(hello.member, this.#where, { reason: 'identity', mine: `is ${self}`, yours });
    }
    const mine = encodeHello(this.#identity, hello.member, this.#nonce);
    this.#dialler = { hello, theirs: payload.slice(), mine };
    return { kind: 'reply', payload: mine };
  }

  #receiveProof(
    { hello, theirs, mine }: { hello: Hello; theirs: Uint8Array; mine: Uint8Array },
    message: ControlMessage | null,
  ): Step {
    if (message?.kind !== 'proof') return refuse(hello.member, this.#where, malformed('a proof'));
    const { secret, memberIds } = this.#identity;
    if (!sameBytes(message.mac, proofOf(secret, 'dialler', theirs, mine))) {
      return refuse(hello.member, this.#where, WRONG_SECRET);
    }
    // After the proof, so that strangers are not told who belongs to the cluster.
    const listed = memberIds.includes(hello.member);
    if (!listed || !sameBytes(hello.membersDigest, digestOf(memberIds))) {
      const yours = `is ${hello.member} and lists ${message.members || 'the same'}`;
      const lists = `lists ${memberIds.join(' ')}`;
      return refuse(hello.member, this.#where, { reason: 'members', mine: lists, yours });
    }
    const mac = proofOf(secret, 'acceptor', theirs, mine);
    const payload = encodeControl({ kind: 'welcome', mac });
    return { kind: 'established', peer: hello.member, payload };
  }
}

/** What both sides demand of the other's hello, in the order in which it helps an operator most. */
function checkHello(
  identity: Identity,
  message: ControlMessage | null,
): Refusal | { readonly hello: Hello } {
  if (message?.kind !== 'hello') return malformed('a hello');
  if (message.hello === null) {
    const mine = `speaks protocol ${PROTOCOL_VERSION}`;
    return { reason: 'protocol', mine, yours: `speaks protocol ${message.version}` };
  }
  const { hello } = message;
  if (hello.clusterId !== identity.clusterId) {
    return conflict('cluster', `is in ${identity.clusterId}`, `is in ${hello.clusterId}`);
  }
  if (hello.hasSecret !== (identity.secret !== null)) {
    const [mine, yours] = hello.hasSecret ? ['has none', 'has one'] : ['has one', 'has none'];
    return conflict('secret', mine, yours);
  }
  return { hello };
}

function conflict(reason: RefusalReason, mine = '', yours = ''): Refusal {
  return { reason, mine, yours };
}

const WRONG_SECRET = conflict('secret', 'has one', 'has another');

function malformed(wanted: string): Refusal {
  return conflict('malformed', `waited for ${wanted}`, 'sent something else');
}

function refuse(peer: MemberId | null, where: string, refusal: Refusal): Step {
  const error = refusedByUs(nameOf(peer, where), refusal);
  const payload = encodeControl({ kind: 'refusal', refusal });
  return { kind: 'refused', peer, error, payload };
}

function refusedStep(peer: MemberId | null, where: string, refusal: Refusal): Step {
  const error = refusedByPeer(nameOf(peer, where), refusal);
  return { kind: 'refused', peer, error, payload: null };
}

function nameOf(peer: MemberId | null, where: string): string {
  return peer === null ? `a connection from ${where}` : `${peer} at ${where}`;
}

/** For a connection whose bytes are not even frames. */
export function notAMember(where: string): PacelineError {
  return refusedByUs(nameOf(null, where), malformed('a hello'));
}

function claimed(message: ControlMessage | null): MemberId | null {
  return message?.kind === 'hello' ? (message.hello?.member ?? null) : null;
}

/** `null` for bytes that are no control message: the caller refuses them by name. */
function readMessage(payload: Uint8Array): ControlMessage | null {
  try {
    return decodeControl(payload);
  } catch (error) {
    if (error instanceof PacelineError && error.code === 'RECORD_DAMAGED') return null;
    throw error;
  }
}

function encodeHello(identity: Identity, expected: MemberId, nonce: Uint8Array): Uint8Array {
  const hello: Hello = {
    clusterId: identity.clusterId,
    member: identity.self,
    expected,
    hasSecret: identity.secret !== null,
    membersDigest: digestOf(identity.memberIds),
    nonce,
  };
  return encodeControl({ kind: 'hello', version: PROTOCOL_VERSION, hello });
}
