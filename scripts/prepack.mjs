// Before `npm pack` and `npm publish`: what the package has in dist/ is what src/ says now, and nothing of earlier builds.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { build, install, root } from './prepare.mjs';

install();
rmSync(join(root, 'dist'), { recursive: true, force: true });
build('tsconfig.json');
