// `npm run example -- drizzle` (or kysely): installs and builds what is missing, then runs that example.
import { build, install } from './prepare.mjs';

install();
build('tsconfig.json', 'tsconfig.examples.json');
await import('../build/examples/main.js');
