import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { layoutOf, readIdentity, writeIdentity } from '../../src/member/directory.ts';
import { KeptPromise } from '../../src/member/kept-promise.ts';
import { scratch } from '../cluster/fixture.ts';
import { Local } from './fixture.ts';

const WHO = { format: 1, cluster: 'c', id: 'a' };

/** A member's directory, and a clock that the test moves. */
class Kept {
  readonly layout;
  #nowMs = 0;
  #timers: { readonly atMs: number; readonly work: () => void }[] = [];

  constructor(dir: string) {
    mkdirSync(dir, { recursive: true });
    this.layout = layoutOf(dir);
  }

  get promisedMs(): number {
    return readIdentity(this.layout, WHO)?.promisedMs ?? 0;
  }

  /** As `open` does it. Returns what it is bound by, and its end. */
  async start(givesMs: number) {
    this.#timers = [];
    const promise = new KeptPromise({
      ...{
        layout: this.layout,
        identity: readIdentity(this.layout, WHO)!,
        givesMs,
      },
      clock: {
        now: () => this.#nowMs,
        later: (work, ms) => {
          const timer = { atMs: this.#nowMs + ms, work };
          this.#timers.push(timer);
          const cancel = () => {
            this.#timers = this.#timers.filter((other) => other !== timer);
          };
          return { cancel };
        },
      },
      onFailure: (error) => assert.fail(error),
    });
    await promise.raise();
    promise.lower();
    return promise;
  }

  pass(ms: number): void {
    this.#nowMs += ms;
    for (const { atMs, work } of this.#timers.splice(0)) {
      if (atMs <= this.#nowMs) work();
      else this.#timers.push({ atMs, work });
    }
  }
}

async function kept(dir: string, promisedMs?: number): Promise<Kept> {
  const made = new Kept(dir);
  await writeIdentity(made.layout, promisedMs === undefined ? WHO : { ...WHO, promisedMs });
  return made;
}

test('a promise is on disk before it is given, and a start is bound by the one before', async (t) => {
  const member = await kept(scratch(t));
  const first = await member.start(500);
  assert.deepEqual([first.beforeMs, member.promisedMs], [0, 500]);
  const second = await member.start(1000);
  assert.deepEqual([second.beforeMs, member.promisedMs], [500, 1000]);
});

for (const givesMs of [200, 0])
  test(`a shorter promise of ${givesMs} ms takes the place of a longer one when that must be over, however often it was started`, async (t) => {
    const member = await kept(scratch(t), 1000);
    for (let i = 0; i < 3; i++) {
      const promise = await member.start(givesMs);
      member.pass(999);
      await promise.stop();
      assert.deepEqual([promise.beforeMs, member.promisedMs], [1000, 1000], `start ${i}`);
    }
    const promise = await member.start(givesMs);
    member.pass(1000);
    await promise.stop();
    assert.equal(member.promisedMs, givesMs);
  });

test('a member that was let go writes nothing any more', async (t) => {
  const member = await kept(scratch(t), 1000);
  const promise = await member.start(200);
  await promise.stop();
  member.pass(5000);
  promise.lower();
  member.pass(5000);
  await promise.stop();
  assert.equal(member.promisedMs, 1000);
});

test('a member with leases notes its promise, and one without does not', async (t) => {
  const local = new Local(t);
  const promised = (id: string) => {
    const text = readFileSync(join(local.dir(id), 'member.json'), 'utf8');
    return (JSON.parse(text) as { promisedMs?: number }).promisedMs;
  };
  await local.open({ id: 'a', electionTimeoutMs: 800, leaseDriftMs: 100 });
  await local.open({ id: 'b' });
  assert.deepEqual([promised('a'), promised('b')], [800, undefined]);
});
