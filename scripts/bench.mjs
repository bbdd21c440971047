// `npm run bench`: installs and builds what is missing, then measures. npm run bench -- --help says what can be chosen.
// `--profile DIR` is meant for Node itself: every process (a member inherits it) and every thread writes a CPU profile there when
// it ends; one that is killed writes none.
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build, install, root, run } from './prepare.mjs';

/** Takes `--profile DIR` out of the arguments; what to give to Node for it. */
function takeProfile(args) {
  const at = args.indexOf('--profile');
  if (at === -1) return [];
  const [, dir] = args.splice(at, 2);
  if (dir === undefined) {
    console.error('--profile needs a directory');
    process.exit(1);
  }
  mkdirSync(dir, { recursive: true });
  return ['--cpu-prof', `--cpu-prof-dir=${resolve(dir)}`];
}

const args = process.argv.slice(2);
const profile = takeProfile(args);
install();
build('tsconfig.bench.json');
// In the caller's folder, where the paths that were given begin.
run(process.execPath, [...profile, join(root, 'build/bench/main.js'), ...args], {
  cwd: process.cwd(),
});
