import type { Port } from '../../src/member/port.ts';
import type { Timeline } from '../../src/transport/timeline.ts';
import type { SimThread } from './thread.ts';

/** How long a message between two threads takes; drawn for each batch. */
export type PortDelay = () => number;

/** See drive.ts. */
const settled = Promise.resolve();

/** One end of a channel between two simulated threads: what is posted in one turn arrives together, and in order. */
class SimPort<In, Out> implements Port<In, Out> {
  readonly #timeline: Timeline;
  readonly #thread: SimThread;
  readonly #delay: PortDelay;
  #peer: SimPort<Out, In> | null = null;
  #outgoing: Out[] = [];
  #handle: ((messages: readonly In[]) => void) | null = null;
  #early: In[][] = [];
  #lastArrivalMs = 0;
  #closed = false;
  readonly #flush = (): void => this.flush();

  constructor(timeline: Timeline, thread: SimThread, delay: PortDelay) {
    this.#timeline = timeline;
    this.#thread = thread;
    this.#delay = delay;
  }

  connect(peer: SimPort<Out, In>): void {
    this.#peer = peer;
  }

  post(message: Out): void {
    this.#thread.posts++;
    if (this.#outgoing.push(message) === 1) void settled.then(this.#flush);
  }

  flush(): void {
    if (this.#outgoing.length === 0 || this.#closed) return;
    const batch = this.#outgoing;
    this.#outgoing = [];
    const peer = this.#peer;
    this.#lastArrivalMs = Math.max(this.#lastArrivalMs, this.#timeline.nowMs + this.#delay());
    this.#timeline.at(this.#lastArrivalMs, () => peer?.receive(batch));
  }

  receive(batch: In[]): void {
    this.#thread.run(() => {
      if (this.#closed) return;
      if (this.#handle === null) this.#early.push(batch);
      else this.#handle(batch);
    });
  }

  listen(handle: (messages: readonly In[]) => void): void {
    this.#handle = handle;
    const early = this.#early;
    this.#early = [];
    for (const batch of early) this.#thread.run(() => handle(batch));
  }

  close(): void {
    this.flush();
    this.#closed = true;
  }
}

export function connectPorts<AtA, AtB>(
  timeline: Timeline,
  a: SimThread,
  b: SimThread,
  delay: PortDelay,
): [Port<AtA, AtB>, Port<AtB, AtA>] {
  const one = new SimPort<AtA, AtB>(timeline, a, delay);
  const other = new SimPort<AtB, AtA>(timeline, b, delay);
  one.connect(other);
  other.connect(one);
  return [one, other];
}
