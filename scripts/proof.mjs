// `npm run simulate`, `sabotage`, `chaos`, `differential`: installs and builds what is missing, then runs that program of proof/.
import { join } from 'node:path';
import { build, install, root, run } from './prepare.mjs';

const [program, ...args] = process.argv.slice(2);
install();
// Chaos starts members through the command line of dist/.
build('tsconfig.json', 'tsconfig.proof.json');
run(process.execPath, [join(root, 'build', 'proof', program, 'main.js'), ...args]);
