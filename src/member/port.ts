import type { MessagePort, TransferListItem } from 'node:worker_threads';

/** One end of a channel between two threads. Messages arrive in order, in batches. */
export interface Port<In, Out> {
  /** Goes out with everything else that is posted before this turn ends. */
  post(message: Out): void;
  /** Sends what was posted now: somebody waits for it while this turn goes on. */
  flush(): void;
  /** `handle` gets everything that arrived together. */
  listen(handle: (messages: readonly In[]) => void): void;
  close(): void;
}

/** A port over worker threads: what is posted in one turn crosses in one message, for a crossing costs more than a message. */
export class ThreadPort<In, Out> implements Port<In, Out> {
  readonly #port: MessagePort;
  #outgoing: Out[] = [];

  constructor(port: MessagePort) {
    this.#port = port;
  }

  post(message: Out): void {
    if (this.#outgoing.push(message) === 1) queueMicrotask(() => this.flush());
  }

  listen(handle: (messages: readonly In[]) => void): void {
    this.#port.on('message', handle);
  }

  close(): void {
    this.flush();
    this.#port.close();
  }

  flush(): void {
    if (this.#outgoing.length === 0) return;
    const batch = this.#outgoing;
    this.#outgoing = [];
    this.#port.postMessage(batch, transferList(batch));
  }
}

/** Buffers are handed over, not copied, where a message says that nobody else holds them. */
function transferList(batch: readonly unknown[]): TransferListItem[] {
  const list: TransferListItem[] = [];
  for (const message of batch) {
    const { handOver } = message as { handOver?: Uint8Array };
    if (handOver !== undefined) list.push(handOver.buffer as ArrayBuffer);
  }
  return list;
}
