import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import path from 'node:path';
import { test } from 'node:test';
import type { DatabaseSyncInstance } from '@photostructure/sqlite';
import { Prng } from '../../src/base/prng.ts';
import { decodeWalIndexHeader } from '../../src/wal/wal-index.ts';
import { Capture, Follower } from './follow.ts';
import { type LiveDatabase, temporaryDirectory } from './live-database.ts';
import { assertSound, compareWithRecovery, makePair } from './pair.ts';
import { glance, runTransaction } from './workload.ts';

const PAGE_SIZE = 1024;
const SPILLED_ROWS = 3000;
const FILL = `WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT ${SPILLED_ROWS})
  INSERT INTO kv SELECT 'spilled ' || n, hex(randomblob(100)) FROM c`;

interface Scene {
  readonly source: LiveDatabase;
  readonly copy: LiveDatabase;
  readonly directory: string;
  readonly capture: Capture;
  readonly follower: Follower;
}

function makeScene(t: { after(done: () => void): void }): Scene {
  const directory = temporaryDirectory(t);
  const { source, copy } = makePair(directory, `PRAGMA page_size=${PAGE_SIZE}`);
  t.after(() => {
    source.close();
    copy.close();
  });
  const capture = new Capture(source);
  return { source, copy, directory, capture, follower: new Follower(copy, PAGE_SIZE) };
}

/** Runs transactions on the source, and appends them to the copy. */
function follow({ source, capture, follower }: Scene, prng: Prng, transactions: number): void {
  for (let n = 0; n < transactions; n++) {
    runTransaction(source.db, prng);
    const commit = capture.take();
    if (commit !== null) follower.append(commit);
  }
}

/** The same transactions on both, through SQLite. */
function runOnBoth({ source, copy, capture }: Scene, seed: number): void {
  const writer = copy.connect();
  const [one, other] = [new Prng(seed), new Prng(seed)];
  for (let n = 0; n < 10; n++) {
    runTransaction(source.db, one);
    runTransaction(writer, other);
  }
  capture.take();
}

function assertSame(scene: Scene, name: string): void {
  const { source, copy, follower, directory } = scene;
  assert.deepEqual(glance(copy.connect()), glance(source.db));
  compareWithRecovery(copy, path.join(directory, name));
  assertSound(copy);
  follower.checkpoint();
  source.truncate();
  assert.deepEqual(copy.all(''), source.all(''), 'the main files differ');
}

function spillAndRollBack(db: DatabaseSyncInstance): void {
  db.exec(`PRAGMA cache_size=5; BEGIN; ${FILL}; ROLLBACK`);
}

test('appending goes on where SQLite committed and rolled a spilled transaction back', (t) => {
  const scene = makeScene(t);
  const prng = new Prng(21);
  follow(scene, prng, 10);
  scene.follower.unlock();
  runOnBoth(scene, 22);
  const before = scene.copy.source('-wal').size;
  spillAndRollBack(scene.copy.connect());
  assert.ok(scene.copy.source('-wal').size > before, 'nothing was spilled');
  scene.follower.lock();
  scene.follower.takeUp();
  follow(scene, prng, 20);
  assertSame(scene, 'rebuilt.db');
});

/** A process of its own spills a transaction into the WAL, and is killed before it ends it. */
async function spillAndDie(file: string): Promise<void> {
  const sqlite = createRequire(import.meta.url).resolve('@photostructure/sqlite');
  const program = `
    const { DatabaseSync } = require(${JSON.stringify(sqlite)});
    const db = new DatabaseSync(${JSON.stringify(file)});
    db.exec(${JSON.stringify(`PRAGMA cache_size=5; BEGIN; ${FILL}`)});
    process.stdout.write('spilled');
    setInterval(() => db.isOpen, 1000);`;
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const [said] = await Promise.race([once(child.stdout, 'data'), exited]);
  assert.equal(String(said), 'spilled');
  child.kill('SIGKILL');
  await exited;
}

test('what a process that was killed in the middle of a transaction left is cleaned', async (t) => {
  const scene = makeScene(t);
  const { copy, follower } = scene;
  const prng = new Prng(23);
  follow(scene, prng, 10);
  const { mxFrame } = follower;
  follower.unlock();
  await spillAndDie(copy.path);
  follower.lock();
  assert.equal(decodeWalIndexHeader(copy.all('-shm')).mxFrame, mxFrame);
  assert.equal(follower.isCurrent(), false, 'the appender must notice what was left');
  follower.takeUp();
  assert.equal(follower.isCurrent(), true);
  follow(scene, prng, 20);
  assert.equal(follower.isCurrent(), true);
  assertSame(scene, 'rebuilt.db');
});

test('an appender notices that others committed or restarted the WAL', (t) => {
  const scene = makeScene(t);
  const { copy, follower } = scene;
  assert.equal(follower.isCurrent(), true);
  follow(scene, new Prng(24), 5);
  follower.unlock();
  assert.equal(follower.isCurrent(), true);
  copy.db.exec("INSERT INTO audit(what) VALUES ('foreign')");
  assert.equal(follower.isCurrent(), false);
  follower.lock();
  follower.takeUp();
  assert.equal(follower.isCurrent(), true);
  follower.unlock();
  copy.truncate();
  assert.equal(follower.isCurrent(), false);
});
