import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../../src/base/errors.ts';
import { Prng } from '../../src/base/prng.ts';
import { isRead, objectKind, type ReadLevel, type Taken } from '../history/operation.ts';
import type { Workload } from '../workload/workload.ts';
import { Ballast } from './ballast.ts';
import type { ChaosCluster } from './cluster.ts';
import type { Done, Writing } from './ipc.ts';
import { LIMITS } from './limits.ts';
import { pick } from './schedule.ts';
import { isWeak, type Told } from './told.ts';
import { drawReading, drawWriting, hasty, withoutOptions } from './wishes.ts';
import { Worker } from './worker.ts';

interface Client {
  /** The session of its HTTP handle. */
  readonly number: number;
  /** The member it works through; null: it goes on to the next when one does not answer. */
  readonly boundTo: string | null;
  /** Waits for nothing but its member: when that is a leader that was cut off, all it writes will be discarded. */
  readonly isHasty: boolean;
  readonly worker: Worker;
  readonly urls: readonly string[];
}

/** A token, and what it stands for. */
interface Token extends Taken {
  readonly text: string;
}

/** No fault of the nemesis explains these. */
const NEVER: ReadonlySet<string> = new Set([
  ...['SQL', 'INTERNAL', 'REQUEST_INVALID', 'TOKEN_INVALID', 'READ_ONLY', 'STATEMENT_FORBIDDEN'],
]);

/**
 * Clients that work through every member, one operation after the other each, in processes of
 * their own; and the history of what they were told. Where an application embeds the member that a client
 * is bound to, the client has some of its operations done by that, on the handle in the member's process.
 */
export class Clients {
  readonly told: Told[] = [];
  /** Errors of reads and writes by code. */
  readonly errors = new Map<string, number>();
  /** Answers that no fault excuses. */
  readonly violations: string[] = [];
  readonly #cluster: ChaosCluster;
  readonly #workload: Workload;
  readonly #prng: Prng;
  readonly #workers: Worker[];
  readonly #onAcknowledged = new Set<(called: number, returned: number) => void>();
  /** Of HTTP handles, of each member's handle from start to start, and of copies that may not go back. */
  #sessions = 0;
  readonly #handles = new Map<string, number>();
  /** The last token of each session. */
  readonly #tokens = new Map<number, Token>();
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
    const { clientsPerMember, clientsHasty, clientsRoaming } = LIMITS;
    const bound = this.#cluster.ids.flatMap((id) => [
      ...Array.from({ length: clientsPerMember }, () => ({ boundTo: id, isHasty: false })),
      ...Array.from({ length: clientsHasty }, () => ({ boundTo: id, isHasty: true })),
    ]);
    const roaming = Array.from({ length: clientsRoaming }, () => ({
      ...{ boundTo: null, isHasty: false },
    }));
    this.#running = [...bound, ...roaming].map(({ boundTo, isHasty }, i) => {
      const worker = this.#workers[i % this.#workers.length]!;
      const urls = boundTo === null ? this.#anyOrder() : [this.#cluster.url(boundTo)];
      const client = { number: ++this.#sessions, boundTo, isHasty, worker, urls };
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

  /** When the first write that was called at `sinceMs` or later is acknowledged, on a majority at least. */
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
    let start: number | null = null;
    while (!this.#stopped) {
      const before = this.#startOf(client);
      if (before !== start || before === null) copy = ++this.#sessions;
      start = before;
      const { told, token } = await this.#operate(client);
      // What may have met the next process of this member belongs to no session of a copy or a handle.
      const isSame = this.#startOf(client) === before;
      if (!isSame) copy = ++this.#sessions;
      const isStrange = told.ofHandle && !isSame;
      const session = isStrange ? { client: ++this.#sessions } : {};
      this.told.push({ ...told, ...session, ...(ofCopy(told) ? { copy } : {}) });
      if (!isStrange && token !== null) this.#tokens.set(told.client, token);
      await delay(this.#prng.between(0, LIMITS.pauseMsMax));
    }
  }

  /** Reads of a member's own copy never go back as long as its process is the same. */
  #startOf({ boundTo }: Client): number | null {
    return boundTo === null ? null : this.#cluster.starts(boundTo);
  }

  async #operate(client: Client): Promise<{ told: Told; token: Token | null }> {
    const { number, boundTo, isHasty, worker, urls } = client;
    const door = boundTo === null || isHasty ? null : this.#cluster.applicationOf(boundTo);
    const application = this.#prng.chance(LIMITS.applicationShare) ? door : null;
    const session = application === null ? number : this.#handleOf(boundTo!);
    const { after, ...wish } = isHasty ? this.#hastyWish() : this.#drawWish(application !== null);
    const attemptsMax = boundTo === null ? LIMITS.attemptsMax : 1;
    const done = await worker.do({ ...wish, client: number, urls, attemptsMax, application });
    const { action, reading, writing } = wish;
    this.#workload.saw(action, done.outcome);
    const level = isRead(action) ? reading.level! : null;
    const sawNothing = after === null && !this.#tokens.has(session);
    this.#note(done, boundTo, level, sawNothing);
    const { called, outcome, position, reached, error } = done;
    const { maxLagMs, maxLagEntries } = reading;
    const returned = outcome.kind === 'unknown' ? null : done.returned;
    const lag = maxLagMs === undefined ? { maxLagEntries: maxLagEntries ?? 0 } : { maxLagMs };
    const told: Told = {
      ...{ client: session, action, called, returned, outcome, level, position, reached, error },
      ...(level === 'bounded' ? lag : {}),
      ...(level === null || after === null ? {} : { after }),
      ...(level === null ? this.#named(done, writing, boundTo) : NOT_WRITTEN),
      style: level === null ? writing.style : reading.style,
      ofHandle: application !== null,
    };
    if (level === null && outcome.kind === 'ok' && !isWeak(told, this.#cluster.ids.length))
      for (const listener of this.#onAcknowledged) listener(called, done.returned);
    return { told, token: tokenOf(told, done) };
  }

  /** What is known of a write that was asked for. */
  #named(
    { id, called }: Done,
    writing: Writing,
    boundTo: string | null,
  ): Pick<Told, 'id' | 'durability' | 'mayHaveAsked'> {
    const { durability } = writing;
    const mayHaveAsked =
      durability === null ? this.#cluster.defaults.since(called, boundTo) : [durability];
    return { id: writing.id ?? id, durability, mayHaveAsked };
  }

  #handleOf(id: string): number {
    const name = `${id} ${this.#cluster.starts(id)}`;
    const known = this.#handles.get(name) ?? ++this.#sessions;
    this.#handles.set(name, known);
    return known;
  }

  #drawWish(ofApplication: boolean) {
    const action = this.#workload.next();
    const drawn = drawReading(ofApplication, this.#prng);
    const after = this.#prng.chance(LIMITS.tokenShare) ? this.#drawToken() : null;
    const mayBeGiven = after !== null && drawn.style !== 'transaction';
    const reading = mayBeGiven ? { ...drawn, after: after.text } : drawn;
    const id = `w${++this.#writes}`;
    const { ids, defaults } = this.#cluster;
    const named = drawWriting(ofApplication, ids, defaults, id, this.#prng);
    // Unknown outcomes that stay unknown make the search for an order of a bank too long.
    const mayBeNameless = ofApplication && objectKind(action) !== 'bank';
    const nameless = mayBeNameless && this.#prng.chance(LIMITS.namelessShare);
    const writing = nameless ? withoutOptions(named) : named;
    return { action, reading, writing, after: mayBeGiven ? after : null };
  }

  #hastyWish() {
    const id = `w${++this.#writes}`;
    return { action: this.#workload.next(), ...hasty(id, this.#prng), after: null };
  }

  /** The session of any other client or handle, wherever that is. */
  #drawToken(): Token | null {
    const tokens = [...this.#tokens.values()];
    return tokens.length === 0 ? null : pick(tokens.slice(-LIMITS.tokensKept), this.#prng);
  }

  #anyOrder(): string[] {
    const urls = this.#cluster.members.map(({ id }) => this.#cluster.url(id));
    const first = this.#prng.between(0, urls.length - 1);
    return [...urls.slice(first), ...urls.slice(0, first)];
  }

  #note(
    { error, outcome }: Done,
    boundTo: string | null,
    level: ReadLevel | null,
    sawNothing: boolean,
  ): void {
    if (error === null) return;
    if (error.sqlite === 'SQLITE_CONSTRAINT' && outcome.kind === 'ok') return;
    const code = error.sqlite ?? error.code;
    this.errors.set(code, (this.errors.get(code) ?? 0) + 1);
    // A member that begins anew has nothing, and says so until it has more to whoever has seen no more.
    const promisesNothing = level === 'eventual' || (level === 'session' && sawNothing);
    if (promisesNothing && error.message.includes('no such table')) return;
    if (NEVER.has(error.code))
      this.violations.push(
        `${boundTo ?? 'a member'} answered a ${level === null ? 'write' : `${level} read`}` +
          ` with ${code}: ${error.message}`,
      );
  }
}

const NOT_WRITTEN = { id: null, durability: null, mayHaveAsked: [] } as const;

/** Whether a read shows the member's own copy, and nothing is said of how far that must be. */
function ofCopy({ level, style }: Told): boolean {
  return (level === 'eventual' || level === 'bounded') && style !== 'transaction';
}

/** Of an HTTP handle it stands for this operation, too; of a member's for what had returned before. */
function tokenOf({ client, ofHandle, called }: Told, { token, returned }: Done): Token | null {
  return token === null ? null : { text: token, client, at: ofHandle ? called : returned };
}
