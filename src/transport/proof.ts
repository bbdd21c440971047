import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { assert } from '../base/assert.ts';
import { ByteWriter } from '../base/bytes.ts';
import type { MemberId } from '../raft/entry.ts';

/** Whose proof it is: bound in, so that one side's proof cannot be sent back as the other's. */
type Role = 'dialler' | 'acceptor';

/**
 * Covers the ids only: who belongs is for all to agree on, but an address may differ with the place
 * from which it is seen (NAT, containers), and may change while the cluster runs.
 */
export function digestOf(memberIds: readonly MemberId[]): Uint8Array {
  const writer = new ByteWriter();
  for (const id of [...memberIds].sort()) writer.text(id);
  return createHash('sha256').update(writer.finish()).digest();
}

/** HMAC-SHA256 over the role and both hellos; empty where there is no secret. */
export function proofOf(
  secret: string | null,
  role: Role,
  diallerHello: Uint8Array,
  acceptorHello: Uint8Array,
): Uint8Array {
  if (secret === null) return new Uint8Array(0);
  assert(secret.length > 0, 'an empty secret proves nothing');
  const transcript = new ByteWriter(1024).text(`paceline ${role}`);
  transcript.block(diallerHello).block(acceptorHello);
  return createHmac('sha256', secret).update(transcript.finish()).digest();
}

/** Takes equally long wherever the first difference is. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
