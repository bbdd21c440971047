import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { mayEnter } from '../../bench/account.ts';
import { compared, POSTGRES } from '../../bench/beside-postgres.ts';
import { Postgres } from '../../bench/postgres.ts';
import { hasPrograms, versionsIn } from '../../bench/postgres-programs.ts';
import { PACELINE, PLAIN } from '../../bench/writes.ts';
import { until } from '../cluster/until.ts';

const scratch = mkdtempSync(join(tmpdir(), 'paceline-bench-'));
process.once('exit', () => rmSync(scratch, { recursive: true, force: true }));

test('of several versions in folders of their own the newest comes first', () => {
  const parent = join(scratch, 'versions');
  for (const version of ['9.6', '17', '15']) mkdirSync(join(parent, version), { recursive: true });
  assert.deepEqual(
    versionsIn(parent),
    ['17', '15', '9.6'].map((version) => join(parent, version, 'bin')),
  );
  assert.deepEqual(versionsIn(join(scratch, 'nowhere')), []);
});

test('a directory is taken only if all programs are in it and can be run', () => {
  const dir = join(scratch, 'programs');
  mkdirSync(dir);
  for (const name of ['initdb', 'postgres']) writeFileSync(join(dir, name), '', { mode: 0o755 });
  assert.equal(hasPrograms(dir), false);
  writeFileSync(join(dir, 'pg_basebackup'), '', { mode: 0o644 });
  assert.equal(hasPrograms(dir), false);
  chmodSync(join(dir, 'pg_basebackup'), 0o755);
  assert.equal(hasPrograms(dir), true);
});

test('a directory that its user may not pass is no place for the servers', () => {
  const [uid, gid] = [process.getuid!(), process.getgid!()];
  // Root may pass everywhere; what it starts as somebody else may not.
  const account = uid === 0 ? { name: 'nobody', uid: 65534, gid: 65534 } : { name: 'me', uid, gid };
  const outer = mkdtempSync(join(tmpdir(), 'paceline-bench-'));
  const inner = join(outer, 'inner');
  mkdirSync(inner);
  chmodSync(outer, 0o711);
  assert.equal(mayEnter(inner, account), true);
  chmodSync(outer, 0o600);
  assert.equal(mayEnter(inner, account), false);
  chmodSync(outer, 0o700);
  rmSync(outer, { recursive: true });
});

test('servers that cannot be started say why, and leave no directory', async () => {
  const dir = join(scratch, 'servers');
  const programs = { bin: join(scratch, 'nowhere'), account: null };
  await assert.rejects(Postgres.start(programs, dir), /initdb ended with .*ENOENT/);
  await until('the directory to go', () => !existsSync(dir));
});

test('ratios are those of medians, to SQLite alone and to PostgreSQL with as many workers', () => {
  const round = (perSecond: number, p50ms: number) => ({ perSecond, p50ms, p99ms: 9 });
  const rows = compared(
    new Map([
      [{ system: PLAIN, concurrency: 1 }, [round(100, 1), round(1000, 1), round(200, 1)]],
      [{ system: PACELINE, concurrency: 1 }, [round(50, 3)]],
      [{ system: POSTGRES, concurrency: 1 }, [round(25, 4)]],
      [{ system: PACELINE, concurrency: 64 }, [round(800, 6), round(10, 60), round(800, 6)]],
      [{ system: POSTGRES, concurrency: 64 }, [round(100, 12)]],
    ]),
  );
  assert.deepEqual(
    rows.map((row) => [row.ratioToPlain, row.ratioToPostgres, row.p50RatioToPostgres]),
    [
      [1, 8, 0.25],
      [0.25, 2, 0.75],
      [0.125, 1, 1],
      [4, 8, 0.5],
      [0.5, 1, 1],
    ],
  );
});
