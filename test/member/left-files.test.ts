import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { layoutOf } from '../../src/member/directory.ts';
import { DirectoryLock } from '../../src/sqlite/directory-lock.ts';
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

/** Everything below a directory, with what files have in them. */
function contentOf(dir: string): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true }).map(({ parentPath, name }) => {
    const path = join(parentPath, name);
    return statSync(path).isFile() ? `${path}: ${readFileSync(path, 'hex')}` : path;
  });
}

test('a first start that cannot listen leaves nothing, and nothing that was there before is gone', async (t) => {
  const local = new Local(t);
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  t.after(() => taken.close());
  const { port } = taken.address() as AddressInfo;
  const [fresh, used] = [join(local.dir('not'), 'there', 'yet'), local.dir('b')];
  mkdirSync(used);
  for (const name of ['lock.db', 'notes.txt']) writeFileSync(join(used, name), '');
  const before = contentOf(used);
  for (const dir of [fresh, used])
    for (const [listen, code] of [
      [`127.0.0.1:${port}`, 'ADDRESS_IN_USE'],
      ['192.0.2.1:0', 'OPTIONS_INVALID'],
    ] as const)
      await assert.rejects(local.open({ id: 'b', dir, listen }), { code });
  assert.equal(existsSync(local.dir('not')), false);
  assert.deepEqual(contentOf(used), before);
  const db = await local.open({ id: 'b', dir: used });
  await db.execute('CREATE TABLE t(x)');
  await db.close();
  await assert.rejects(local.open({ id: 'b', dir: used, listen: `127.0.0.1:${port}` }), {
    code: 'ADDRESS_IN_USE',
  });
  const again = await local.open({ id: 'b', dir: used });
  assert.deepEqual((await again.query('SELECT count(*) FROM t')).rows, [[0]]);
});

test('a lock that is undone takes its file along if it made it, and another one can be had then', (t) => {
  const dir = new Local(t).dir('locked');
  mkdirSync(dir);
  const path = join(dir, 'lock.db');
  const first = new DirectoryLock(path, dir);
  assert.throws(() => new DirectoryLock(path, dir), { code: 'DIRECTORY_IN_USE' });
  first.undo();
  assert.equal(existsSync(path), false);
  const second = new DirectoryLock(path, dir);
  second.release();
  const third = new DirectoryLock(path, dir);
  third.undo();
  assert.ok(existsSync(path), 'it was there before');
  const looping = join(dir, 'loop.db');
  symlinkSync(looping, looping);
  assert.throws(() => new DirectoryLock(looping, dir), {
    code: 'IO',
    message: /cannot lock .*ELOOP/,
  });
});
