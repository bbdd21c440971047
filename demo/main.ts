import { messageOf } from '../src/base/errors.ts';
import { runDemo } from './run-demo.ts';

/** For `npm start` and for the tests: run the demo and end this process with its status. */
try {
  process.exit(await runDemo(process.argv.slice(2)));
} catch (error) {
  console.error(`the demo failed: ${messageOf(error)}`);
  process.exit(1);
}
