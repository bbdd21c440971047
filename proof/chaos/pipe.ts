import type { Socket } from 'node:net';
import { LIMITS } from './limits.ts';

/** What becomes of the bytes that one member sends to another. */
export type Passage =
  | { readonly kind: 'open' }
  /** Nothing arrives, and nothing is lost: all of it comes when the passage opens, however old. */
  | { readonly kind: 'held' }
  | { readonly kind: 'slow'; readonly delayMs: number }
  /** Connections are reset, new ones too. */
  | { readonly kind: 'closed' };

type Parcel =
  | { readonly kind: 'bytes'; readonly bytes: Buffer; readonly dueMs: number }
  | { readonly kind: 'end' | 'gone'; readonly dueMs: number };

/** One direction of a connection: what `source` receives goes to `target`, as the passage allows. */
export class Pipe {
  readonly #source: Socket;
  readonly #target: Socket;
  readonly #waiting: Parcel[] = [];
  #waitingBytes = 0;
  #passage: Passage;
  #timer: NodeJS.Timeout | null = null;

  constructor(source: Socket, target: Socket, passage: Passage) {
    this.#source = source;
    this.#target = target;
    this.#passage = passage;
    source.on('data', (bytes: Buffer) => {
      this.#waitingBytes += bytes.length;
      this.#add({ kind: 'bytes', bytes, dueMs: this.#dueMs() });
    });
    source.on('end', () => this.#add({ kind: 'end', dueMs: this.#dueMs() }));
    source.on('close', () => this.#add({ kind: 'gone', dueMs: this.#dueMs() }));
    target.on('drain', () => this.#flow());
    this.#flow();
  }

  set(passage: Passage): void {
    this.#passage = passage;
    if (passage.kind === 'closed') {
      this.#source.destroy();
      this.#target.destroy();
    }
    this.#flow();
  }

  #dueMs(): number {
    return performance.now() + (this.#passage.kind === 'slow' ? this.#passage.delayMs : 0);
  }

  #add(parcel: Parcel): void {
    this.#waiting.push(parcel);
    this.#flow();
  }

  /** Lets go what may go, in order, and reads on if there is room. */
  #flow(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    while (this.#mayGo()) this.#deliver(this.#waiting.shift()!);
    const next = this.#waiting[0];
    if (next !== undefined && this.#passage.kind !== 'held' && !this.#target.writableNeedDrain)
      this.#timer = setTimeout(() => this.#flow(), next.dueMs - performance.now());
    if (this.#passage.kind === 'held' || this.#waitingBytes > LIMITS.pipeBytesMax)
      this.#source.pause();
    else if (this.#target.writableNeedDrain) this.#source.pause();
    else this.#source.resume();
  }

  #mayGo(): boolean {
    const next = this.#waiting[0];
    if (next === undefined || this.#passage.kind === 'held') return false;
    if (this.#target.destroyed) return true;
    return !this.#target.writableNeedDrain && next.dueMs <= performance.now();
  }

  #deliver(parcel: Parcel): void {
    if (parcel.kind === 'bytes') this.#waitingBytes -= parcel.bytes.length;
    if (this.#target.destroyed) return;
    if (parcel.kind === 'bytes') this.#target.write(parcel.bytes);
    else if (parcel.kind === 'end') this.#target.end();
    else this.#target.destroySoon();
  }
}
