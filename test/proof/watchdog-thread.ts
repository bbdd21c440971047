/** The thread of a watchdog: ends the process when the same piece of work is under way for too long. */
import { writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import { HEAD_BYTES, type WatchdogData } from './watchdog.ts';

const LOOKS = 4;
const STDERR = 2;

const { shared, msMax } = workerData as WatchdogData;
const state = new Int32Array(shared, 0, HEAD_BYTES / 4);
let seen = 0;
let looks = 0;

setInterval(() => {
  const pieces = Atomics.load(state, 0);
  looks = pieces === seen ? looks + 1 : 0;
  seen = pieces;
  if (pieces % 2 === 0 || looks < LOOKS) return;
  const bytes = Buffer.from(shared, HEAD_BYTES);
  const [, length = 0, more = 0] = state;
  const name = bytes.toString('utf8', 0, length);
  const input = bytes.toString('hex', length, length + more);
  writeSync(
    STDERR,
    `${name} does not come to an end within ${msMax} ms with ${more} bytes: ${input}\n`,
  );
  process.kill(process.pid, 'SIGKILL');
}, msMax / LOOKS);
