// `npm start`: installs and builds what is missing, then runs the demo. npm start -- --help says
// what it can do.
import { build, install } from './prepare.mjs';

install();
build('tsconfig.json', 'tsconfig.demo.json');
// In this process, so that Ctrl-C and the terminal's keys reach the demo itself.
await import('../build/demo/main.js');
