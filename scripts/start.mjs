// `npm start`: installs and builds what is missing, then runs the demo. npm start -- --help says
// what it can do.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { build, install, root } from './prepare.mjs';

install();
if (!existsSync(join(root, 'build', 'demo', 'main.js')))
  console.error('building, for about half a minute');
build('tsconfig.json', 'tsconfig.demo.json');
// In this process, so that Ctrl-C and the terminal's keys reach the demo itself.
await import('../build/demo/main.js');
