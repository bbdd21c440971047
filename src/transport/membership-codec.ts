import { assert } from '../base/assert.ts';
import type { ByteReader, ByteWriter } from '../base/bytes.ts';
import { decodeUtf8, encodeUtf8 } from '../base/utf8.ts';
import type { MemberInfo, Membership } from '../raft/entry.ts';

/** Count is a u16, and no cluster comes near. */
const MEMBERS_MAX = 65535;
/** Two empty texts and the voter flag: bounds what a damaged count can make the decoder attempt. */
const MEMBER_BYTES_MIN = 4 + 4 + 1;

/** Layout: count u16, then for each member: id text, address text, voter u8. */
export function writeMembership(writer: ByteWriter, membership: Membership): void {
  assert(membership.length <= MEMBERS_MAX, `too many members: ${membership.length}`);
  assert(isSorted(membership), 'a membership is sorted by id');
  writer.u16(membership.length);
  for (const member of membership) {
    writer
      .text(member.id)
      .text(member.address)
      .u8(member.voter ? 1 : 0);
  }
}

export function readMembership(reader: ByteReader): Membership {
  const count = reader.u16();
  if (count * MEMBER_BYTES_MIN > reader.remaining)
    throw reader.damaged(`${count} members announced`);
  const membership: MemberInfo[] = [];
  for (let i = 0; i < count; i++) {
    const id = readText(reader);
    const address = readText(reader);
    membership.push({ id, address, voter: readBoolean(reader) });
  }
  if (!isSorted(membership)) throw reader.damaged('members are not sorted by id');
  return membership;
}

/** Only 0 and 1 exist: anything else is damage, not truth. */
export function readBoolean(reader: ByteReader): boolean {
  const value = reader.u8();
  if (value > 1) throw reader.damaged(`${value} is not a boolean`);
  return value === 1;
}

/** Refuses malformed UTF-8, which would otherwise turn two different ids into the same one. */
function readText(reader: ByteReader): string {
  const bytes = reader.block();
  const text = decodeUtf8(bytes);
  const again = encodeUtf8(text);
  const same = again.length === bytes.length && again.every((byte, i) => byte === bytes[i]);
  if (!same) throw reader.damaged('a text is not UTF-8');
  return text;
}

/** Strictly: no id twice. */
function isSorted(membership: Membership): boolean {
  return membership.every((member, i) => i === 0 || membership[i - 1]!.id < member.id);
}
