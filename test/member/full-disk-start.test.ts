import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { SmallDisk } from '../../proof/chaos/small-disk.ts';
import { type LocalDatabase, type OpenOptions, open, PacelineError } from '../../src/index.ts';
import { DatabaseSync } from '../../src/sqlite/binding.ts';
import { Lines } from './fixture.ts';

const SMALL = { segmentBytesMax: 262_144, checkpointWalBytes: 2 ** 20, logKeepBytes: 262_144 };
/** So large that none is prepared ahead, which the next start might give back. */
const ONE_SEGMENT = { segmentBytesMax: 2 * 2 ** 20 };
const DISK_BYTES = 12 * 2 ** 20;
const ROWS = 100;
const FILL = `INSERT INTO w
  SELECT value, hex(randomblob(2000)) FROM json_each('[${Array.from({ length: ROWS }).fill(1)}]')`;

/** A directory for files, and small disks in it; all gone after the test. */
class Place {
  readonly base = mkdtempSync(join(tmpdir(), 'paceline-full-'));
  readonly #disks: SmallDisk[] = [];

  constructor(t: TestContext) {
    t.after(() => {
      for (const disk of this.#disks) disk.remove();
      rmSync(this.base, { recursive: true });
    });
  }

  disk(name: string): SmallDisk {
    const disk = SmallDisk.mount(join(this.base, name), DISK_BYTES);
    assert.ok(
      disk !== null,
      'this test needs the right to mount a tmpfs: run it as root, on Linux',
    );
    this.#disks.push(disk);
    return disk;
  }

  source(): string {
    const path = join(this.base, 'source.db');
    const db = new DatabaseSync(path);
    db.exec(`CREATE TABLE w(a, pad); ${FILL}`);
    db.close();
    return path;
  }
}

/** A member alone. */
class Alone {
  readonly lines = new Lines();
  readonly #options: OpenOptions;

  constructor(dir: string, options: Partial<OpenOptions> = {}) {
    this.#options = { dir, id: 'a', ...SMALL, logger: this.lines, ...options };
  }

  open(): Promise<LocalDatabase> {
    return open(this.#options);
  }

  /** Whether it could start; if not, it has said why, and what to do. */
  async starts(): Promise<boolean> {
    try {
      await (await this.open()).close();
      return true;
    } catch (error) {
      assert.ok(error instanceof PacelineError, String(error));
      assert.equal(error.code, 'DISK_FULL', error.message);
      assert.match(error.message, /free (some )?space/i);
      return false;
    } finally {
      assert.doesNotMatch(this.lines.errors().join('\n'), /bug/);
    }
  }

  /** Now that there is room. */
  async check(rows: number): Promise<void> {
    const db = await this.open();
    await db.execute('CREATE TABLE another(a)');
    if (rows > 0) {
      const { rows: counted } = await db.query('SELECT count(*) FROM w');
      assert.deepEqual(counted, [[rows]]);
    }
    assert.deepEqual((await db.query('PRAGMA integrity_check')).rows, [['ok']]);
    await db.close();
  }
}

/** Beside each other, each to its end. */
async function expectSome(running: readonly Promise<boolean>[]): Promise<void> {
  await Promise.allSettled(running);
  const results = await Promise.all(running);
  assert.ok(results.includes(true) && results.includes(false), `${results}`);
}

const BEGINNINGS = {
  'a new member': [0, 8_192, 131_072, 266_240, 270_336, 300_000, 500_000],
  'a new member with a file to import': [0, 100_000, 400_000, 500_000, 700_000, 710_000, 2_000_000],
};

for (const [who, sizes] of Object.entries(BEGINNINGS))
  test(`${who} starts on a nearly full disk, or says so and leaves nothing behind`, async (t) => {
    const place = new Place(t);
    const options = who.includes('import') ? { import: place.source() } : {};
    const results = sizes.map(async (left) => {
      const disk = place.disk(`${left}`);
      const dir = join(disk.path, 'member');
      const member = new Alone(dir, options);
      disk.leave(left);
      const started = await member.starts();
      if (!started && left < sizes.at(-2)!) assert.equal(existsSync(dir), false, `${left}`);
      disk.free();
      await member.check(options.import === undefined ? 0 : ROWS);
      return started;
    });
    await expectSome(results);
  });

/** How the run before ended. */
const ENDS = {
  'that was closed': async (dir: string, copy: string) => {
    await filled(dir, async () => {});
    copyAll(dir, copy);
  },
  'that crashed': (dir: string, copy: string) => filled(dir, async () => crash(dir, copy)),
  'that crashed in the middle of writing its log': async (dir: string, copy: string) => {
    await filled(dir, async () => crash(dir, copy));
    tear(join(copy, 'log'));
  },
};

async function filled(dir: string, then: () => Promise<void>): Promise<void> {
  const db = await new Alone(dir, ONE_SEGMENT).open();
  await db.execute('CREATE TABLE w(a, pad)');
  await db.execute(FILL);
  await then();
  await db.close();
}

/** By another process: to close a descriptor of a database that is open here would drop its locks. */
function copyAll(from: string, to: string): void {
  execFileSync('cp', ['-r', from, to]);
}

/** The machine has kept nothing of the wal-index, which SQLite makes anew. */
function crash(dir: string, copy: string): void {
  copyAll(dir, copy);
  rmSync(join(copy, 'db', 'main.db-shm'));
}

/** Leaves bytes behind the last record that are none. */
function tear(log: string): void {
  const path = join(log, '0000000000000001.log');
  truncateSync(path, ONE_SEGMENT.segmentBytesMax - 100);
  writeFileSync(path, new Uint8Array(100).fill(7), { flag: 'a' });
}

for (const [ended, end] of Object.entries(ENDS))
  test(`a member ${ended} starts again on a nearly full disk, or says so, and has everything when there is room`, async (t) => {
    const place = new Place(t);
    const [dir, copy] = [join(place.base, 'run'), join(place.base, 'copy')];
    await end(dir, copy);
    const results = [0, 20_480, 36_864, 65_536, 200_000].map(async (left) => {
      const disk = place.disk(`${left}`);
      const member = new Alone(join(disk.path, 'member'), ONE_SEGMENT);
      copyAll(copy, join(disk.path, 'member'));
      disk.leave(left);
      const started = await member.starts();
      disk.free();
      await member.check(ROWS);
      return started;
    });
    await expectSome(results);
  });
