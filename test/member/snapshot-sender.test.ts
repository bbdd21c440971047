import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SnapshotSender } from '../../src/member/snapshot-sender.ts';
import { DatabaseChecksum } from '../../src/redo/checksum.ts';
import { NO_FRAMES } from '../../src/sqlite/live-wal.ts';

const CHECKSUM = new DatabaseChecksum().take();
const HELD = {
  ...{ id: { term: 1, index: 300 }, bytes: 4096, pageSize: 4096, mainFd: 0, walFd: 0 },
  ...NO_FRAMES,
};

/** A sender, and all that it says, in order. */
function sender(): { sender: SnapshotSender; take: () => string[] } {
  let said: string[] = [];
  const parts = {
    files: { read: () => assert.fail('nothing is read') },
    hold: (ask: number) => said.push(`hold ${ask}`),
    release: () => said.push('release'),
    membershipAt: () => [],
    reply: (to: string, { type }: { type: string }) => said.push(`${to}: ${type}`),
    info: () => {},
    warn: (message: string) => assert.fail(message),
  };
  const take = () => {
    const taken = said;
    said = [];
    return taken;
  };
  return { sender: new SnapshotSender(parts), take };
}

test('the answer to a question from before a drop is not offered, nor is anything let go because of it', () => {
  const { sender: giver, take } = sender();
  giver.open('b', 0, 0);
  giver.drop();
  giver.open('b', 0, 0);
  assert.deepEqual(take(), ['hold 1', 'b: gone', 'hold 2']);
  giver.onHeld(1, HELD, CHECKSUM);
  assert.deepEqual(take(), []);
  giver.onHeld(2, HELD, CHECKSUM);
  assert.deepEqual(take(), ['b: offer']);
});

test('a state that nobody waits for any more is let go', () => {
  const { sender: giver, take } = sender();
  giver.open('b', 0, 0);
  giver.drop();
  take();
  giver.onHeld(1, HELD, CHECKSUM);
  assert.deepEqual(take(), ['release']);
});
