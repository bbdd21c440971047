import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { OpenOptions, Status } from '../src/index.ts';
import type { FromMember, StatusRequest } from './member-process.ts';

const PROGRAM = join(import.meta.dirname, 'member-process.js');

/** Those that have not ended. None outlives this process, however it ends: the files go with it, too. */
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

const GONE = 'a member’s process ended without being asked to; what it said is above';

interface StatusWaiter {
  readonly resolve: (status: Status) => void;
  readonly reject: (error: Error) => void;
}

/** A member in a process of its own, seen from the process that started it. */
export class ChildMember {
  readonly #process: ChildProcess;
  readonly #statuses = new Map<number, StatusWaiter>();
  readonly #exited: Promise<unknown>;
  #nextKey = 1;

  private constructor(child: ChildProcess) {
    this.#process = child;
    this.#exited = once(child, 'exit');
    running.add(child);
    child.on('message', (message: FromMember) => {
      if (message.type !== 'status') return;
      this.#statuses.get(message.key)?.resolve(message.status);
      this.#statuses.delete(message.key);
    });
    child.once('exit', () => {
      running.delete(child);
      for (const { reject } of this.#statuses.values()) reject(new Error(GONE));
    });
  }

  /** Resolves when it serves; rejects if it ends before. */
  static async start(options: OpenOptions): Promise<ChildMember> {
    const child = new ChildMember(fork(PROGRAM, [JSON.stringify(options)]));
    await new Promise<void>((resolve, reject) => {
      child.#process.once('message', () => resolve());
      child.#process.once('exit', (code) =>
        reject(new Error(`member "${options.id}" ended with ${code} before it served`)),
      );
    });
    return child;
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  status(): Promise<Status> {
    const request: StatusRequest = { type: 'status', key: this.#nextKey++ };
    return new Promise((resolve, reject) => {
      this.#statuses.set(request.key, { resolve, reject });
      if (this.#process.connected) this.#process.send(request);
      else reject(new Error(GONE));
    });
  }

  /** Returns at once; `exited` says when it is gone. */
  signal(signal: 'SIGKILL' | 'SIGTERM'): void {
    this.#process.kill(signal);
  }

  async exited(): Promise<void> {
    await this.#exited;
  }

  async stop(): Promise<void> {
    this.signal('SIGTERM');
    await this.#exited;
  }
}
