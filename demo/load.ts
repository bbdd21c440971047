import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from '../src/api/database.ts';
import { createClient } from '../src/client/client.ts';
import type { Cluster } from './cluster.ts';
import { LIMITS, type LoadShape } from './limits.ts';
import { AckTimes, Meter } from './meter.ts';
import { Reader } from './reader.ts';
import { type Acknowledgement, Writer } from './writer.ts';

interface AckWaiter {
  readonly issuedSinceMs: number;
  readonly resolve: (ack: Acknowledgement) => void;
}

/** Writers through every member and readers on every member, until stopped. */
export class Load {
  readonly writes = new Meter();
  readonly reads = new Meter();
  readonly ackTimes = new AckTimes();
  readonly #cluster: Cluster;
  readonly #shape: LoadShape;
  readonly #writers: readonly Writer[];
  readonly #readers: readonly Reader[];
  #waiters: AckWaiter[] = [];
  #running: Promise<unknown> = Promise.resolve();
  #stopped = false;
  /** The highest log index that an acknowledgement has named. */
  #lastIndex = 0;

  constructor(cluster: Cluster, cities: number, shape: LoadShape) {
    this.#cluster = cluster;
    this.#shape = shape;
    const { writersPerMember, readersPerMember } = shape;
    this.#writers = cluster.members.flatMap(({ id }) =>
      times(writersPerMember, (i) => new Writer(`${id}${i}`, id, cities, this.#clientFor(id))),
    );
    this.#readers = cluster.members.flatMap(({ id, settings }) =>
      times(readersPerMember, () => new Reader(id, cities, readOnly(settings.url))),
    );
  }

  get writers(): readonly Writer[] {
    return this.#writers;
  }

  get acknowledged(): number {
    return this.#writers.reduce((sum, { acknowledged }) => sum + acknowledged, 0);
  }

  get repeated(): number {
    return this.#writers.reduce((sum, { repeated }) => sum + repeated, 0);
  }

  get lastIndex(): number {
    return this.#lastIndex;
  }

  /** `onFailure` hears of an error that no retry can help; the load ends with it. */
  start(onFailure: (error: unknown) => void): void {
    const loops = [
      ...this.#writers.map((writer) => this.#write(writer)),
      ...this.#readers.map((reader) => this.#read(reader)),
    ];
    this.#running = Promise.all(loops).catch((error: unknown) => {
      this.#stopped = true;
      onFailure(error);
    });
  }

  /** Starts nothing new, and waits for what is under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  /**
   * The member is back: its writers go through it again, and not through the one they went to
   * meanwhile.
   */
  memberReturned(id: string): void {
    for (const writer of this.#writers) if (writer.memberId === id) writer.use(this.#clientFor(id));
  }

  /** The first acknowledgement, from now on, of a write issued at `issuedSinceMs` or later. */
  nextAckIssuedSince(issuedSinceMs: number): Promise<Acknowledgement> {
    return new Promise((resolve) => {
      this.#waiters.push({ issuedSinceMs, resolve });
    });
  }

  /** Asks member `id` first, and the others while it does not answer. */
  #clientFor(id: string): Database {
    const { members } = this.#cluster;
    const first = members.findIndex((member) => member.id === id);
    const order = [...members.slice(first), ...members.slice(0, first)];
    return createClient(order.map(({ settings }) => settings.url));
  }

  async #write(writer: Writer): Promise<void> {
    while (!this.#stopped) {
      const ack = await writer.next(() => this.#stopped);
      if (ack !== null) this.#acknowledge(ack);
      if (this.#shape.writePauseMs > 0) await delay(this.#shape.writePauseMs);
    }
  }

  #acknowledge(ack: Acknowledgement): void {
    this.writes.record(ack.atMs, ack.atMs - ack.issuedMs);
    this.ackTimes.record(ack.atMs);
    this.#lastIndex = Math.max(this.#lastIndex, ack.position.index);
    const [answered, waiting] = partition(
      this.#waiters,
      ({ issuedSinceMs }) => ack.issuedMs >= issuedSinceMs,
    );
    this.#waiters = waiting;
    for (const { resolve } of answered) resolve(ack);
  }

  async #read(reader: Reader): Promise<void> {
    while (!this.#stopped) {
      const up = this.#cluster.member(reader.memberId).state === 'up';
      const latencyMs = up ? await reader.next() : null;
      if (latencyMs !== null) this.reads.record(performance.now(), latencyMs);
      await delay(latencyMs === null ? LIMITS.readRetryMs : this.#shape.readPauseMs);
    }
  }
}

/** One attempt, at one member: a read shows what that member has. */
function readOnly(url: string): Database {
  return createClient(url, { timeoutMs: LIMITS.readTimeoutMs, attemptsMax: 1 });
}

function times<T>(count: number, make: (i: number) => T): T[] {
  return Array.from({ length: count }, (_, i) => make(i));
}

function partition<T>(list: readonly T[], belongs: (item: T) => boolean): [T[], T[]] {
  return [list.filter(belongs), list.filter((item) => !belongs(item))];
}
