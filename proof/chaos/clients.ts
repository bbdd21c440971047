import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { assert } from '../../src/base/assert.ts';
import { messageOf } from '../../src/base/errors.ts';
import { Prng } from '../../src/base/prng.ts';
import { isRead, type Operation, type ReadLevel } from '../history/operation.ts';
import type { Workload } from '../workload/workload.ts';
import { Ballast } from './ballast.ts';
import type { ChaosCluster } from './cluster.ts';
import type { Done, Task } from './ipc.ts';
import { LIMITS } from './limits.ts';
import { pick } from './schedule.ts';

const CHILD = fileURLToPath(new URL('./client-process.js', import.meta.url));

interface Client {
  /** The session, for all that promises one. */
  readonly number: number;
  /** The member it works through; null: it goes on to the next when one does not answer. */
  readonly boundTo: string | null;
  readonly worker: Worker;
  readonly urls: readonly string[];
}

/** No fault of the nemesis explains these. */
const NEVER: ReadonlySet<string> = new Set(['SQL', 'INTERNAL', 'POSITION_LOST', 'REQUEST_INVALID']);

/** Of reads, so often. */
const LEVELS: readonly ReadLevel[] = [
  ...(['strong', 'strong', 'strong'] as const),
  ...(['session', 'session'] as const),
  ...(['bounded', 'eventual'] as const),
];

/**
 * Clients that work through every member, one operation after the other each, in processes of
 * their own; and the history of what they were told.
 */
export class Clients {
  readonly history: Operation[] = [];
  /** Errors of reads and writes by code. */
  readonly errors = new Map<string, number>();
  /** Answers that no fault excuses. */
  readonly violations: string[] = [];
  readonly #cluster: ChaosCluster;
  readonly #workload: Workload;
  readonly #prng: Prng;
  readonly #workers: Worker[];
  readonly #onAcknowledged = new Set<(called: number, returned: number) => void>();
  /** Clients, and besides one for each time that reads of a member's own copy may go back. */
  #sessions = 0;
  readonly #ballast: Ballast;
  #writes = 0;
  #stopped = false;
  #running: Promise<void>[] = [];

  constructor(cluster: ChaosCluster, workload: Workload, seed: number) {
    this.#cluster = cluster;
    this.#workload = workload;
    this.#prng = new Prng(seed);
    const urls = cluster.members.map(({ settings }) => settings.url);
    this.#ballast = new Ballast(urls, this.#prng.next());
    this.#workers = Array.from({ length: LIMITS.clientProcesses }, () => new Worker());
  }

  start(): void {
    this.#ballast.start();
    const bound = this.#cluster.members.flatMap(({ id }) =>
      Array<string>(LIMITS.clientsPerMember).fill(id),
    );
    const all = [...bound, ...Array<null>(LIMITS.clientsRoaming).fill(null)];
    this.#running = all.map((boundTo, i) => {
      const worker = this.#workers[i % this.#workers.length]!;
      const urls = boundTo === null ? this.#anyOrder() : [this.#cluster.url(boundTo)];
      const client = { number: ++this.#sessions, boundTo, worker, urls };
      return this.#run(client).catch((error) => {
        if (!this.#stopped) this.violations.push(`a client failed: ${messageOf(error)}`);
      });
    });
  }

  /** Waits for the operations under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all([...this.#running, this.#ballast.stop()]);
    await this.end();
  }

  /** Ends the processes, whatever is under way. */
  async end(): Promise<void> {
    this.#stopped = true;
    this.#ballast.stop();
    await Promise.all(this.#workers.map((worker) => worker.end()));
  }

  /** When the first write that was called at `sinceMs` or later is acknowledged. */
  nextAcknowledgement(sinceMs: number): Promise<number> {
    return new Promise((resolve) => {
      const listener = (called: number, returned: number) => {
        if (called < sinceMs) return;
        this.#onAcknowledged.delete(listener);
        resolve(returned);
      };
      this.#onAcknowledged.add(listener);
    });
  }

  async #run(client: Client): Promise<void> {
    let copy = 0;
    let incarnation: number | null = null;
    while (!this.#stopped) {
      const before = this.#incarnation(client);
      if (before !== incarnation || before === null) copy = ++this.#sessions;
      incarnation = before;
      const operation = await this.#operate(client);
      // A read that may have met the next process of this member belongs to no session.
      if (this.#incarnation(client) !== before) copy = ++this.#sessions;
      const { level } = operation;
      const isLocal = level === 'eventual' || level === 'bounded';
      this.history.push(isLocal ? { ...operation, client: copy } : operation);
      await delay(this.#prng.between(0, LIMITS.pauseMsMax));
    }
  }

  /** Reads of a member's own copy never go back as long as its process is the same. */
  #incarnation({ boundTo }: Client): number | null {
    return boundTo === null ? null : this.#cluster.starts(boundTo);
  }

  async #operate({ number, boundTo, worker, urls }: Client): Promise<Operation> {
    const action = this.#workload.next();
    const attemptsMax = boundTo === null ? LIMITS.attemptsMax : 1;
    const id = `w${++this.#writes}`;
    const reading = this.#drawReading();
    const done = await worker.do({ client: number, action, urls, attemptsMax, id, reading });
    const { called, outcome, position } = done;
    this.#workload.saw(action, outcome);
    const write = !isRead(action);
    const level = write ? null : reading.level;
    this.#note(done, boundTo, level);
    if (write && outcome.kind === 'ok')
      for (const listener of this.#onAcknowledged) listener(called, done.returned);
    const returned = outcome.kind === 'unknown' ? null : done.returned;
    return { client: number, action, called, returned, outcome, level, position };
  }

  #drawReading(): Task['reading'] & { readonly level: ReadLevel } {
    const level = pick(LEVELS, this.#prng);
    if (level === 'bounded') return { level, maxLagMs: LIMITS.maxLagMs };
    return { level, forward: this.#prng.chance(0.5) };
  }

  #anyOrder(): string[] {
    const urls = this.#cluster.members.map(({ id }) => this.#cluster.url(id));
    const first = this.#prng.between(0, urls.length - 1);
    return [...urls.slice(first), ...urls.slice(0, first)];
  }

  #note({ error, outcome }: Done, boundTo: string | null, level: ReadLevel | null): void {
    if (error === null) return;
    if (error.sqlite === 'SQLITE_CONSTRAINT' && outcome.kind === 'ok') return;
    const code = error.sqlite ?? error.code;
    this.errors.set(code, (this.errors.get(code) ?? 0) + 1);
    // A member that begins anew has nothing, and at this level says so until it has more.
    if (level === 'eventual' && error.message.includes('no such table')) return;
    if (NEVER.has(error.code))
      this.violations.push(
        `${boundTo ?? 'a member'} answered a ${level === null ? 'write' : `${level} read`}` +
          ` with ${code}: ${error.message}`,
      );
  }
}

interface Waiting {
  readonly resolve: (done: Done) => void;
  readonly reject: (error: Error) => void;
}

/** One client process. */
class Worker {
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
