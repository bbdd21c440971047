import { unreachable } from '../base/assert.ts';
import { ByteReader, ByteWriter } from '../base/bytes.ts';
import type { MemberId } from '../raft/entry.ts';
import { type Refusal, reasonCode, reasonOf } from './refusal.ts';

/** Changes with every change of what members say to each other, Raft messages included. */
export const PROTOCOL_VERSION = 2;

/** Largest payload of a control frame: all that a stranger can make this member hold. */
export const CONTROL_BYTES_MAX = 16 * 1024;

export const NONCE_BYTES = 32;
const DIGEST_BYTES = 32;

/** "PACE": tells a member from whatever else may connect. */
const MAGIC = 0x50414345;

/** What a member says about itself before anything is proved. */
export interface Hello {
  readonly clusterId: string;
  readonly member: MemberId;
  /** Who the sender believes that it is talking to. */
  readonly expected: MemberId;
  readonly hasSecret: boolean;
  readonly membersDigest: Uint8Array;
  readonly nonce: Uint8Array;
}

export type ControlMessage =
  /** `hello` is null when the version is not ours: what follows it is then not ours to read. */
  | { readonly kind: 'hello'; readonly version: number; readonly hello: Hello | null }
  /** `members` is empty unless the digests differ: then it is the list, for the error's text. */
  | { readonly kind: 'proof'; readonly mac: Uint8Array; readonly members: string }
  | { readonly kind: 'welcome'; readonly mac: Uint8Array }
  | { readonly kind: 'refusal'; readonly refusal: Refusal }
  /** Sent by both sides now and then: whoever hears nothing for long gives the connection up. */
  | { readonly kind: 'alive' };

/**
 * Kinds, the fields up to the version of a hello, and the whole of a refusal stay as they are in
 * every later protocol, so that members of different releases can tell each other so.
 */
const KINDS = { hello: 1, proof: 2, welcome: 3, refusal: 4, alive: 5 } as const;

export function encodeControl(message: ControlMessage): Uint8Array {
  const writer = new ByteWriter(256).u8(KINDS[message.kind]);
  switch (message.kind) {
    case 'hello':
      writer.u32(MAGIC).u16(message.version);
      if (message.hello !== null) writeHello(writer, message.hello);
      break;
    case 'proof':
      writer.block(message.mac).text(message.members);
      break;
    case 'welcome':
      writer.block(message.mac);
      break;
    case 'refusal':
      writer.u8(reasonCode(message.refusal.reason));
      writer.text(message.refusal.mine).text(message.refusal.yours);
      break;
    case 'alive':
      break;
    default:
      unreachable(message);
  }
  return writer.finish();
}

/** Throws RECORD_DAMAGED. */
export function decodeControl(payload: Uint8Array): ControlMessage {
  const reader = new ByteReader(payload, 'handshake');
  const message = readControl(reader);
  if (message.kind !== 'hello' || message.hello !== null) reader.end();
  return message;
}

function readControl(reader: ByteReader): ControlMessage {
  const kind = reader.u8();
  switch (kind) {
    case KINDS.hello:
      return readHelloMessage(reader);
    case KINDS.proof:
      return { kind: 'proof', mac: reader.block(), members: reader.text() };
    case KINDS.welcome:
      return { kind: 'welcome', mac: reader.block() };
    case KINDS.refusal: {
      const reason = reasonOf(reader.u8());
      const mine = reader.text();
      return { kind: 'refusal', refusal: { reason, mine, yours: reader.text() } };
    }
    case KINDS.alive:
      return { kind: 'alive' };
    default:
      throw reader.damaged(`unknown kind ${kind}`);
  }
}

function readHelloMessage(reader: ByteReader): ControlMessage {
  if (reader.u32() !== MAGIC) throw reader.damaged('not from a member');
  const version = reader.u16();
  return { kind: 'hello', version, hello: version === PROTOCOL_VERSION ? readHello(reader) : null };
}

function writeHello(writer: ByteWriter, hello: Hello): void {
  writer.text(hello.clusterId).text(hello.member).text(hello.expected);
  writer.u8(Number(hello.hasSecret)).raw(hello.membersDigest).raw(hello.nonce);
}

function readHello(reader: ByteReader): Hello {
  return {
    clusterId: reader.text(),
    member: reader.text(),
    expected: reader.text(),
    hasSecret: reader.u8() !== 0,
    membersDigest: reader.raw(DIGEST_BYTES),
    nonce: reader.raw(NONCE_BYTES),
  };
}
