import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Sabotage } from './sabotage.ts';

/** What a child is told to do. */
export interface Order {
  /** By which the runs go, whether its rule is broken or not. */
  readonly sabotage: Sabotage;
  readonly firstSeed: number;
  readonly seeds: number;
}

/** The run that noticed. */
export interface Caught {
  readonly seed: number;
  readonly invariant: string;
  readonly message: string;
}

export interface Search {
  /** Null: no run noticed anything. */
  readonly caught: Caught | null;
  /** Runs that were made. */
  readonly seeds: number;
}

/** A child that takes longer than this for an order is stuck. */
const SEARCH_MS_MAX = 600_000;
/** So much of what it says is kept. */
const SAID_CHARS_MAX = 2000;
/** Most children find something in their first run or two: code that is compiled at once, if not well, is half of their time. */
const FLAGS = ['--always-sparkplug'];

/** A process of its own that runs one seed after the other, with one rule broken or with none. */
export class Searcher {
  readonly #child: ChildProcess;
  #said = '';

  constructor(broken: Sabotage | null) {
    const file = fileURLToPath(new URL('./one.js', import.meta.url));
    this.#child = fork(file, [JSON.stringify(broken)], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      execArgv: FLAGS,
    });
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#said = (this.#said + text).slice(0, SAID_CHARS_MAX);
    });
  }

  /** One at a time. Rejects if it comes to no result. */
  search(order: Order): Promise<Search> {
    const child = this.#child;
    const stuck = setTimeout(() => child.kill(), SEARCH_MS_MAX);
    const result = new Promise<Search>((resolve, reject) => {
      const ended = (status: number | null, signal: string | null) =>
        reject(new Error(`the child ended with ${signal ?? status}: ${this.#said}`));
      child.once('close', ended);
      child.once('message', (message) => {
        child.off('close', ended);
        resolve(message as Search);
      });
      // One that is about to end is told of by its `close`.
      if (child.exitCode === null && child.signalCode === null) child.send(order, () => {});
      else ended(child.exitCode, child.signalCode);
    });
    return result.finally(() => clearTimeout(stuck));
  }

  end(): void {
    if (this.#child.connected) this.#child.disconnect();
  }
}
