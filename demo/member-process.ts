import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { assert } from '../src/base/assert.ts';
import { LIMITS } from './limits.ts';

export interface MemberSettings {
  readonly id: string;
  readonly dir: string;
  readonly url: string;
  /** Where its JSON log lines go. */
  readonly logFile: string;
  /** The command's arguments after `paceline`. */
  readonly args: readonly string[];
  /** The compiled `cli/main.js`. */
  readonly cli: string;
  /** What is started with `args` instead of it. */
  readonly program?: string;
  /** Added to this process's own environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** `killed`: by this process, on purpose. */
export type DeathListener = (member: MemberProcess, killed: boolean) => void;

export type MemberState = 'stopped' | 'starting' | 'up' | 'stopping' | 'died';

const EXIT_WITH_PARENT = new URL('./exit-with-parent.js', import.meta.url).href;
const LOG_LINES_SHOWN = 5;

/** One member as an operating-system process that can be killed and started again. */
export class MemberProcess {
  readonly settings: MemberSettings;
  #child: ChildProcess | null = null;
  #state: MemberState = 'stopped';
  #killed = false;
  readonly #onDeath: DeathListener;

  constructor(settings: MemberSettings, onDeath: DeathListener) {
    this.settings = settings;
    this.#onDeath = onDeath;
  }

  get id(): string {
    return this.settings.id;
  }

  get state(): MemberState {
    return this.#state;
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /**
   * Starts the process; resolves when it says that it serves. Throws, with the end of its log, when
   * it does not.
   */
  async start(): Promise<void> {
    assert(this.#child === null, `member ${this.id} runs already`);
    this.#state = 'starting';
    this.#killed = false;
    const child = this.#spawn();
    this.#child = child;
    const exited = once(child, 'exit').then(() => 'it ended');
    child.once('exit', () => this.#exited(child));
    const ready = once(createInterface({ input: child.stdout! }), 'line').then(() => null);
    const late = delay(LIMITS.startMs, `it was not ready after ${LIMITS.startMs} ms`, {
      ref: false,
    });
    const failure = await Promise.race([ready, exited, late]);
    if (failure !== null) throw new Error(this.#explain(failure));
    this.#state = 'up';
  }

  /**
   * In a process group of its own, so that Ctrl-C in the terminal reaches the demo only, which then
   * stops its members in order.
   */
  #spawn(): ChildProcess {
    const { cli, program = cli, args, logFile, env = {} } = this.settings;
    const log = openSync(logFile, 'a', 0o600);
    try {
      return spawn(process.execPath, ['--import', EXIT_WITH_PARENT, program, ...args], {
        detached: true,
        env: { ...process.env, ...env },
        stdio: ['pipe', 'pipe', log],
      });
    } finally {
      closeSync(log);
    }
  }

  #exited(child: ChildProcess): void {
    assert(this.#child === child, 'another process ended than the one that ran');
    this.#child = null;
    const expected = this.#state === 'stopping';
    this.#state = expected ? 'stopped' : 'died';
    if (!expected) this.#onDeath(this, this.#killed);
  }

  /** As a crash would: SIGKILL. Resolves when the process is gone. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === null) return;
    this.#killed = true;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  /**
   * SIGTERM, and SIGKILL when it takes too long. Resolves when the process is gone, with whether it
   * went by itself.
   */
  async stop(): Promise<boolean> {
    const child = this.#child;
    if (child === null) return true;
    this.#state = 'stopping';
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    const hard = setTimeout(() => child.kill('SIGKILL'), LIMITS.stopMs);
    const [code] = await exited;
    clearTimeout(hard);
    return code === 0;
  }

  #explain(failure: string): string {
    const { logFile } = this.settings;
    const lines = readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-LOG_LINES_SHOWN);
    return `member ${this.id} did not start: ${failure}; the end of ${logFile}:\n${lines.join('\n')}`;
  }
}

export function logFileOf(dir: string, id: string): string {
  return join(dir, `${id}.log`);
}
