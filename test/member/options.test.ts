import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type OpenOptions, open } from '../../src/index.ts';
import { Local } from './fixture.ts';

const WRONG_OPTIONS: Record<string, object> = {
  'no id': { id: undefined },
  'an id with a blank': { id: 'a b' },
  'an id that is too long': { id: 'x'.repeat(65) },
  'an id that is no string': { id: 7 },
  'an option that does not exist': { electionTimeout: 5 },
  'members without itself': { members: { b: '127.0.0.1:7000' } },
  'members with a bad id': { members: { a: '127.0.0.1:7000', 'b c': '127.0.0.1:7001' } },
  'an address without a port': { members: { a: '127.0.0.1' } },
  'an address with a port out of range': { members: { a: '127.0.0.1:70000' } },
  'an address of another member with port 0': {
    members: { a: '127.0.0.1:7000', b: '127.0.0.1:0' },
  },
  'an address of its own with port 0 that others are to dial': {
    members: { a: '127.0.0.1:0', b: '127.0.0.1:7000' },
  },
  'a port 0 to listen on that others are to dial': {
    listen: '127.0.0.1:0',
    members: { a: '127.0.0.1:7001', b: '127.0.0.1:7000' },
  },
  'two members with one address, spelt in two ways': {
    members: { a: 'localhost:7000', b: 'LOCALHOST:07000' },
  },
  'two members with one address': { members: { a: '127.0.0.1:7000', b: '127.0.0.1:7000' } },
  'members that are no object': { members: 'a=127.0.0.1:7000' },
  'listen without a port': { listen: '127.0.0.1' },
  'an empty secret': { secret: '' },
  'a secret that is no string': { secret: 5 },
  'a cluster name that is no string': { cluster: 5 },
  'an empty cluster name': { cluster: '' },
  'a page size that SQLite does not have': { pageSizeBytes: 5000 },
  'a page size that is too large': { pageSizeBytes: 131072 },
  'a limit of zero': { writeQueueMax: 0 },
  'a limit that is negative': { resultBytesMax: -1 },
  'a limit that is no number': { sqlBytesMax: '1000' },
  'a time that is NaN': { writeTimeoutMs: Number.NaN },
  'an election timeout too near to the heartbeat': { heartbeatMs: 100, electionTimeoutMs: 200 },
  'no directory name': { dir: '' },
};

for (const [what, options] of Object.entries(WRONG_OPTIONS)) {
  test(`options with ${what} are refused, and nothing is created`, async (t) => {
    const local = new Local(t);
    const invalid = { name: 'PacelineError', code: 'OPTIONS_INVALID', category: 'rejected' };
    await assert.rejects(
      // One that opens all the same must not outlive the test.
      open({ id: 'a', dir: local.dir('a'), ...options } as OpenOptions).then((db) => db.close()),
      invalid,
    );
    assert.deepEqual(readdirSync(local.base), []);
  });
}

test('a directory that cannot be made is an error that names it', async (t) => {
  const local = new Local(t);
  writeFileSync(local.dir('file'), 'in the way');
  const dir = join(local.dir('file'), 'a');
  await assert.rejects(local.open({ dir }), (error: { code: string; message: string }) => {
    assert.equal(error.code, 'IO');
    assert.ok(error.message.includes(dir), error.message);
    return true;
  });
  assert.deepEqual(readdirSync(local.base), ['file']);
});
