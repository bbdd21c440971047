import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { OpenOptions } from 'paceline';
import type { Asked, Told } from './ipc.ts';

const PROCESS = fileURLToPath(new URL('./process.js', import.meta.url));

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

/** A process of the application, seen from its parent. */
export class Application {
  readonly id: string;
  readonly #tool: string;
  readonly #options: OpenOptions;
  readonly #onAcknowledged: (reference: string) => void;
  readonly #waiting = new Map<number, Waiting>();
  #child: ChildProcess | null = null;
  #nextKey = 1;

  constructor(tool: string, options: OpenOptions, onAcknowledged: (reference: string) => void) {
    this.id = options.id;
    this.#tool = tool;
    this.#options = options;
    this.#onAcknowledged = onAcknowledged;
  }

  get running(): boolean {
    return this.#child !== null;
  }

  /** Resolves when its member is open. */
  async start(): Promise<void> {
    const child = fork(PROCESS, [JSON.stringify([this.#tool, this.#options])]);
    this.#child = child;
    await new Promise<void>((resolve, reject) => {
      child.on('message', (message: Told) => {
        if (message.type === 'ready') resolve();
        else this.#heard(message);
      });
      child.on('exit', () => {
        const error = new Error(`process ${this.id} ended`);
        this.#child = null;
        for (const waiting of this.#waiting.values()) waiting.reject(error);
        this.#waiting.clear();
        reject(error);
      });
    });
  }

  ask<T = void>(ask: Asked['ask']): Promise<T> {
    const key = this.#nextKey++;
    return new Promise((resolve, reject) => {
      if (this.#child === null) throw new Error(`process ${this.id} does not run`);
      this.#waiting.set(key, { resolve, reject });
      this.#child.send({ key, ask } satisfies Asked);
    });
  }

  /** As `kill -9` does. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  #heard(message: Exclude<Told, { type: 'ready' }>): void {
    if (message.type === 'acknowledged') return this.#onAcknowledged(message.reference);
    const waiting = this.#waiting.get(message.key);
    this.#waiting.delete(message.key);
    if (message.type === 'error') waiting?.reject(new Error(`${this.id}: ${message.message}`));
    else waiting?.resolve(message.value as never);
  }
}
