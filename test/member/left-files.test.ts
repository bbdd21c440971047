import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { layoutOf } from '../../src/member/directory.ts';
import { freeAddresses } from '../cluster/addresses.ts';
import { until } from '../cluster/until.ts';
import { Local, leaderFirst } from './fixture.ts';

/** What a process that was killed at the worst moments leaves in a member's directory; the paths. */
function leave(dir: string) {
  const { incoming, lost } = layoutOf(dir);
  mkdirSync(lost, { recursive: true });
  const paths = {
    halfWritten: [join(lost, '1.2-1.3.lost.tmp'), `${incoming}.json.new`],
    received: [incoming, `${incoming}.json`],
    kept: join(lost, '1.2-1.2.lost'),
  };
  for (const path of [...paths.halfWritten, ...paths.received, paths.kept])
    writeFileSync(path, 'left');
  return paths;
}

test('half-written files are removed by the next start, a received snapshot when the log has gone on without it', async (t) => {
  const local = new Local(t);
  const members = await freeAddresses(['a', 'b']);
  const start = (id: string) => local.open({ id, members });
  const both = await leaderFirst(await Promise.all([start('a'), start('b')]));
  await both[0]!.execute('CREATE TABLE t(x)');
  await Promise.all(both.map((db) => db.close()));

  const { halfWritten, received, kept } = leave(local.dir('b'));
  const b = await start('b');
  assert.deepEqual(halfWritten.filter(existsSync), []);
  // Nobody has said yet whether the log that is there is enough.
  assert.equal((await b.status()).leader, null);
  assert.deepEqual(received.filter(existsSync), received);

  await leaderFirst([await start('a'), b]);
  await until('nothing is left of the snapshot', () => !received.some(existsSync));
  assert.ok(existsSync(kept));
});
