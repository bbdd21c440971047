import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { must } from '../base/assert.ts';
import { asPacelineError, PacelineError } from '../base/errors.ts';
import { Reader } from '../sqlite/reader.ts';
import { snapshotTooLong } from './open-snapshots.ts';
import type { FromReader, ReaderWorkerData, ToReader } from './reader-thread.ts';
import { SharedState } from './shared-state.ts';

const { path, resultBytesMax, shared, stop } = workerData as ReaderWorkerData;

/** Runs long reads, one at a time, on a connection of its own. Between two rows it looks whether it is to stop. */
class ReaderWorker {
  readonly #port: MessagePort;
  readonly #reader = new Reader(path, resultBytesMax);
  readonly #shared = new SharedState(shared);
  readonly #stop = new Int32Array(stop);
  /** How often snapshots had been ended when the one that is held here was taken; null while none is. */
  #heldSince: number | null = null;

  constructor(port: MessagePort) {
    this.#port = port;
    port.on('message', (message: ToReader) => this.#take(message));
  }

  #take(message: ToReader): void {
    if (message.type === 'close') return this.#close();
    if (message.type === 'look') return this.#look();
    const { key } = message;
    try {
      this.#answer({ key, result: this.#run(message) });
    } catch (error) {
      this.#answer({ key, error: asPacelineError(error).toRecord() });
    }
  }

  #answer(answer: FromReader): void {
    this.#port.postMessage(answer);
  }

  #run(message: Exclude<ToReader, { type: 'close' | 'look' }>) {
    if (message.type === 'begin') return this.#begin();
    if (message.type === 'end') return this.#end();
    const { key, sql, args, schema, held } = message;
    if (held && this.#heldSince === null) throw snapshotTooLong();
    const since = this.#heldSince ?? this.#shared.snapshotsEnded;
    const onRow = () => {
      if (Atomics.load(this.#stop, 0) === key) throw cancelled();
      if (this.#shared.snapshotsEnded !== since) throw snapshotTooLong();
    };
    this.#shared.addOpenSnapshots(1);
    try {
      return this.#reader.query(sql, args, schema, onRow);
    } finally {
      this.#shared.addOpenSnapshots(-1);
      this.#look();
    }
  }

  #begin(): null {
    this.#end();
    this.#reader.begin();
    this.#heldSince = this.#shared.snapshotsEnded;
    this.#shared.addOpenSnapshots(1);
    return null;
  }

  #end(): null {
    if (this.#heldSince !== null) this.#shared.addOpenSnapshots(-1);
    this.#heldSince = null;
    this.#reader.end();
    return null;
  }

  /** Whether the WAL has become too long for what is held. */
  #look(): void {
    if (this.#heldSince !== null && this.#shared.snapshotsEnded !== this.#heldSince) this.#end();
  }

  #close(): void {
    this.#end();
    this.#reader.close();
    this.#port.close();
  }
}

function cancelled(): PacelineError {
  return new PacelineError('SNAPSHOT_ENDED', 'the read was cancelled');
}

new ReaderWorker(must(parentPort, 'a parent thread'));
