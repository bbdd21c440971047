import { type ByteReader, ByteWriter } from '../base/bytes.ts';
import type { HardState, MemberInfo, Membership } from '../raft/entry.ts';

/**
 * How memberships and hard states are laid out in the log's files; big-endian, texts and lists
 * behind
 * their length. The version that says so is in the header of each file.
 */
export function encodeMembership(membership: Membership): Uint8Array {
  const out = new ByteWriter();
  out.u32(membership.length);
  for (const member of membership) {
    out
      .text(member.id)
      .text(member.address)
      .u8(member.voter ? 1 : 0);
  }
  return out.finish();
}

/** Throws RECORD_DAMAGED. */
export function decodeMembership(from: ByteReader): Membership {
  const count = from.u32();
  const members: MemberInfo[] = [];
  for (let i = 0; i < count; i++) {
    members.push({ id: from.text(), address: from.text(), voter: decodeFlag(from) });
  }
  return members;
}

/** Vote and commit; the term stands in the record's header. */
export function encodeVote(hardState: HardState): Uint8Array {
  const out = new ByteWriter();
  out.u53(hardState.commit).u8(hardState.vote === null ? 0 : 1);
  if (hardState.vote !== null) out.text(hardState.vote);
  return out.finish();
}

/** Throws RECORD_DAMAGED. */
export function decodeVote(from: ByteReader, term: number): HardState {
  const commit = from.u53();
  const vote = decodeFlag(from) ? from.text() : null;
  return { term, vote, commit };
}

function decodeFlag(from: ByteReader): boolean {
  const flag = from.u8();
  if (flag > 1) throw from.damaged(`flag ${flag}`);
  return flag === 1;
}
