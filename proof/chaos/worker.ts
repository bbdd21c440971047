import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { assert } from '../../src/base/assert.ts';
import type { Done, Task } from './ipc.ts';

const CHILD = fileURLToPath(new URL('./client-process.js', import.meta.url));

interface Waiting {
  readonly resolve: (done: Done) => void;
  readonly reject: (error: Error) => void;
}

/** One client process. */
export class Worker {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  readonly #exited: Promise<unknown>;
  #keys = 0;
  #ending = false;

  constructor() {
    this.#child = fork(CHILD, { serialization: 'advanced' });
    this.#exited = once(this.#child, 'exit').then(([code, signal]) => this.#ended(code, signal));
    this.#child.on('message', (done: Done) => {
      const waiting = this.#waiting.get(done.key);
      assert(waiting !== undefined, `nobody asked for ${done.key}`);
      this.#waiting.delete(done.key);
      waiting.resolve(done);
    });
  }

  do(task: Omit<Task, 'key'>): Promise<Done> {
    const key = ++this.#keys;
    return new Promise((resolve, reject) => {
      this.#waiting.set(key, { resolve, reject });
      this.#child.send({ key, ...task }, (error) => {
        if (error !== null) reject(error);
      });
    });
  }

  async end(): Promise<void> {
    this.#ending = true;
    if (this.#child.connected) this.#child.disconnect();
    await this.#exited;
  }

  #ended(code: unknown, signal: unknown): void {
    const why = this.#ending ? 'the run ends' : `a client process died (${code ?? signal})`;
    for (const { reject } of this.#waiting.values()) reject(new Error(why));
    this.#waiting.clear();
  }
}
