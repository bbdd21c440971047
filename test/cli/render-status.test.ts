import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MemberStatus, Status } from '../../src/api/status.ts';
import { renderStatus } from '../../src/cli/render-status.ts';
import { PlainDatabase } from '../server/plain-database.ts';

const FOLLOWER: MemberStatus = {
  ...{ id: 'b', address: '127.0.0.1:2', voter: true, connected: true },
  ...{ matchIndex: 90, lagEntries: 10, replication: 'replicate' },
  ...{ inflightEntries: 10, inflightBytes: 3 * 2 ** 20, queuedBytes: 1536 },
};

async function rendered(member: MemberStatus): Promise<string> {
  const database = new PlainDatabase();
  const status: Status = await database.status();
  await database.close();
  const text = renderStatus({ ...status, members: [...status.members, member] });
  return text.split('\n').find((line) => line.startsWith(member.id))!;
}

test('status shows for each other member how its log is sent there, and what is on the way', async () => {
  assert.match(
    await rendered(FOLLOWER),
    /yes +│ +90 │ +10 │ replicate +│ 10 entries, 3\.0 MiB │ 1\.5 KiB$/,
  );
  assert.match(await rendered({ ...FOLLOWER, inflightEntries: 1 }), /│ 1 entry, 3\.0 MiB +│/);
});

test('a member of an earlier version, which does not tell that, is shown without it', async () => {
  const { replication, inflightEntries, inflightBytes, queuedBytes, ...earlier } = FOLLOWER;
  const line = await rendered(earlier as MemberStatus);
  assert.match(line, /│ +10 │ - +│ - +│ -$/);
});
