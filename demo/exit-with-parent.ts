import { isMainThread } from 'node:worker_threads';

/**
 * Loaded into each member's process before anything else (`node --import`): when the demo is gone,
 * however it went, the pipe that is this process's stdin ends, and the member stops as if it had
 * been told to.
 */
const STOP_MS = 15_000; // a clean stop takes no longer; then the hard way

function stopSelf(): void {
  process.kill(process.pid, 'SIGTERM');
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), STOP_MS).unref();
}

// Workers inherit --import; the pipe belongs to the main thread.
if (isMainThread) process.stdin.once('close', stopSelf).resume();
