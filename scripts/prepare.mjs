// What `npm start`, `npm test` and `npm run bench` have in common: install what is missing, then build. Plain JavaScript, for
// nothing else can run before it.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Runs a command in the project's folder; ends this process with its status if it fails. */
export function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options });
  if (error !== undefined) {
    console.error(`${command}: ${error.message}`);
    process.exit(1);
  }
  if (status !== 0) process.exit(status ?? 1);
}

/** Installs when the packages are missing or older than the lock file says. */
export function install() {
  const installed = join(root, 'node_modules', '.package-lock.json');
  const lock = join(root, 'package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  // Output goes to stderr: what is printed to stdout belongs to the program that is started.
  run('npm', ['ci', '--include=dev', '--no-audit', '--no-fund'], {
    stdio: ['ignore', process.stderr, 'inherit'],
  });
}

/** Compiles the given projects. */
export function build(...projects) {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  for (const project of projects)
    run(process.execPath, [tsc, '-p', project], { stdio: ['ignore', process.stderr, 'inherit'] });
}
