// `npm test`: installs and builds what is missing, then runs every test. Arguments choose some: npm test -- wal redo
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { build, install, root, run } from './prepare.mjs';

/** Two at a time: many tests start processes of their own. */
const CONCURRENCY = 2;

install();
build('tsconfig.json', 'tsconfig.pure.json', 'tsconfig.test.json');
run(join(root, 'node_modules', '.bin', 'biome'), ['check', '--error-on-warnings', '.']);

const wanted = process.argv.slice(2);
const files = readdirSync(join(root, 'build', 'test'), { recursive: true })
  .filter((file) => file.endsWith('.test.js'))
  .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
  .map((file) => join('build', 'test', file))
  .sort();
if (files.length === 0) {
  console.error(`no test matches ${wanted.join(' ')}`);
  process.exit(1);
}
const { status } = spawnSync(
  process.execPath,
  ['--test', `--test-concurrency=${CONCURRENCY}`, '--test-reporter=spec', ...files],
  { cwd: root, stdio: 'inherit' },
);
process.exit(status ?? 1);
