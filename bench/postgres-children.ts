import { type ChildProcess, spawn } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PostgresPrograms } from './postgres-programs.ts';
import { POLL_MS, WAIT_MS, within } from './until.ts';

/** Servers that were told to drop everything have done so by then, or never will. */
const END_MS = 5000;
const LOG_LINES_SHOWN = 10;

type Signal = 'SIGKILL' | 'SIGQUIT';

interface Child {
  readonly process: ChildProcess;
  /** What ends it and lets those that it started end in order: a server that is killed outright leaves shared memory behind. */
  readonly signal: Signal;
  /** How it ended. */
  readonly ended: Promise<string>;
}

/** PostgreSQL's programs, running as the user that they have to, with one log for all. */
export class PostgresChildren {
  readonly #programs: PostgresPrograms;
  readonly #dir: string;
  readonly #logPath: string;
  readonly #log: number;
  readonly #running = new Set<Child>();
  #ending = false;

  /** `dir` belongs to their user. */
  constructor(programs: PostgresPrograms, dir: string) {
    this.#programs = programs;
    this.#dir = dir;
    this.#logPath = join(dir, 'log');
    this.#log = openSync(this.#logPath, 'a');
  }

  /** One that does its work and ends. Killed, it leaves servers that end because nobody talks to them any more. */
  async run(tool: string, ...args: string[]): Promise<void> {
    const child = this.#spawn(tool, args, 'SIGKILL');
    const how = await within(`${tool} to end`, WAIT_MS, child.ended);
    if (how !== 'status 0') throw new Error(`${tool} ended with ${how}`);
  }

  /** A server, which takes its processes with it: SIGQUIT says to drop everything. `onEnd` is called if it ends by itself. */
  serve(args: readonly string[], onEnd: (how: string) => void): void {
    const child = this.#spawn('postgres', args, 'SIGQUIT');
    void child.ended.then((how) => {
      if (!this.#ending) onEnd(how);
    });
  }

  /** Nothing runs any more afterwards, and nothing can be started. */
  async end(): Promise<void> {
    this.#ending = true;
    const deadline = Date.now() + END_MS;
    const all = [...this.#running];
    for (const child of all) child.process.kill(child.signal);
    await Promise.all(all.map((child) => gone(child, deadline)));
  }

  lastLogLines(): string {
    return readFileSync(this.#logPath, 'utf8')
      .trimEnd()
      .split('\n')
      .slice(-LOG_LINES_SHOWN)
      .join('\n');
  }

  #spawn(program: string, args: readonly string[], signal: Signal): Child {
    if (this.#ending) throw new Error(`${program} was not started: everything is being stopped`);
    const { bin, account } = this.#programs;
    const child = spawn(join(bin, program), args, {
      cwd: this.#dir,
      stdio: ['ignore', this.#log, this.#log],
      // A group of processes of its own, by which those that it started can be found when it has gone.
      detached: true,
      // Its messages in English, and nothing of PGDATA and the like.
      env: { PATH: process.env.PATH, LC_ALL: 'C' },
      ...(account === null ? {} : { uid: account.uid, gid: account.gid }),
    });
    const ended = new Promise<string>((resolve) => {
      child.once('exit', (code, signal) => resolve(signal ?? `status ${code}`));
      child.once('error', (error) => resolve(error.message));
    });
    const entry = { process: child, signal, ended };
    this.#running.add(entry);
    void ended.then(() => this.#running.delete(entry));
    return entry;
  }
}

/** Resolves when nothing is left of its group; kills what is left at the deadline. */
async function gone(child: Child, deadline: number): Promise<void> {
  const { pid } = child.process;
  while (pid !== undefined && signalGroup(pid, 0)) {
    if (Date.now() > deadline) {
      signalGroup(pid, 'SIGKILL');
      break;
    }
    await sleep(POLL_MS);
  }
  await child.ended;
}

/** Whether there is such a group. */
function signalGroup(pid: number, signal: Signal | 0): boolean {
  try {
    return process.kill(-pid, signal);
  } catch {
    return false;
  }
}
