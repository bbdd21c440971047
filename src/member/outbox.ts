import type { Durability } from '../api/durability.ts';
import { writeWrite } from '../api/wire.ts';
import { ByteWriter } from '../base/bytes.ts';
import { FORWARD_FRAME_BYTES_MAX } from './forward-wire.ts';
import type { PendingWrite } from './pending-writes.ts';
import type { Port } from './port.ts';
import type { AppToLoop, LoopToApp } from './protocol.ts';

/** Most packs are small, and grow. */
const PACK_BYTES = 4096;

/** What a handle asks of the leader, on its way to the loop: the writes of a turn in one message. */
export class Outbox {
  readonly #loop: Port<LoopToApp, AppToLoop>;
  #keys: number[] = [];
  #timeoutsMs: number[] = [];
  #durabilities: Durability[] = [];
  #lengths: number[] = [];
  #bytes = new ByteWriter(0);

  constructor(loop: Port<LoopToApp, AppToLoop>) {
    this.#loop = loop;
  }

  forward({ key, statements, durability }: PendingWrite, id: string, timeoutMs: number): void {
    if (this.#keys.length === 0) {
      this.#bytes = new ByteWriter(PACK_BYTES);
      queueMicrotask(() => this.#flush());
    }
    const before = this.#bytes.length;
    writeWrite(this.#bytes, { statements, id, asks: statements.length === 0 });
    this.#lengths.push(this.#bytes.length - before);
    this.#keys.push(key);
    this.#timeoutsMs.push(timeoutMs);
    this.#durabilities.push(durability ?? 'quorum');
    // One that waits for long holds all that it was packed with.
    if (this.#bytes.length >= FORWARD_FRAME_BYTES_MAX) this.#flush();
  }

  /** Not before the write itself. */
  cancel(key: number): void {
    this.#flush();
    this.#loop.post({ type: 'cancel', key });
  }

  #flush(): void {
    if (this.#keys.length === 0) return;
    this.#loop.post({
      ...{ type: 'forward', keys: this.#keys, durabilities: this.#durabilities },
      ...{ timeoutsMs: this.#timeoutsMs, lengths: this.#lengths, handOver: this.#bytes.finish() },
    });
    [this.#keys, this.#timeoutsMs, this.#durabilities, this.#lengths] = [[], [], [], []];
  }
}
