/**
 * npm run bench: installs and builds what is missing, then measures. `--profile DIR` is meant for Node itself: it has every
 * process (the members' inherit it) and every thread in them write a CPU profile there when it ends.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');

/** @param {string} command @param {string[]} args @param {object} [options] */
function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit', ...options });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

/** @param {string[]} args */
function takeProfile(args) {
  const at = args.indexOf('--profile');
  if (at === -1) return [];
  const [, dir] = args.splice(at, 2);
  if (dir === undefined) throw new Error('--profile needs a directory');
  mkdirSync(dir, { recursive: true });
  return ['--cpu-prof', `--cpu-prof-dir=${resolve(dir)}`];
}

const args = process.argv.slice(2);
const profile = takeProfile(args);
if (!existsSync(join(root, 'node_modules', '.package-lock.json')))
  run('npm', ['ci'], { cwd: root });
run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.test.json'], {
  cwd: root,
});
run(process.execPath, [...profile, join(root, 'build/bench/main.js'), ...args]);
