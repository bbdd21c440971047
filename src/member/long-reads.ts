import { asPacelineError, PacelineError } from '../base/errors.ts';
import { snapshotTooLong } from './open-snapshots.ts';
import type { FromReader, ToReader } from './reader-thread.ts';
import type { SharedState } from './shared-state.ts';
import type { OpenedReader } from './this-copy.ts';

export interface LongReadsParts {
  readonly reader: OpenedReader;
  readonly shared: SharedState;
  /** Holds the key of the query that is to stop. */
  readonly stop: SharedArrayBuffer;
  readonly answer: (answer: FromReader) => void;
  /** It was told to close, and has closed its connection. */
  readonly closed: () => void;
}

/** What a thread for long reads does: one read at a time, on a connection of its own. Between two rows it looks whether it is to stop. */
export class LongReads {
  readonly #parts: LongReadsParts;
  readonly #stop: Int32Array;
  /** How often snapshots had been ended when the one that is held here was taken; null while none is. */
  #heldSince: number | null = null;

  constructor(parts: LongReadsParts) {
    this.#parts = parts;
    this.#stop = new Int32Array(parts.stop);
  }

  take(message: ToReader): void {
    if (message.type === 'close') return this.#close();
    if (message.type === 'look') return this.#look();
    const { key } = message;
    try {
      this.#parts.answer({ key, result: this.#run(message) });
    } catch (error) {
      this.#parts.answer({ key, error: asPacelineError(error).toRecord() });
    }
  }

  #run(message: Exclude<ToReader, { type: 'close' | 'look' }>) {
    if (message.type === 'begin') return this.#begin();
    if (message.type === 'end') return this.#end();
    const { reader, shared } = this.#parts;
    const { key, sql, args, schema, held } = message;
    if (held && this.#heldSince === null) throw snapshotTooLong();
    const since = this.#heldSince ?? shared.snapshotsEnded;
    const onRow = () => {
      if (Atomics.load(this.#stop, 0) === key) throw cancelled();
      if (shared.snapshotsEnded !== since) throw snapshotTooLong();
    };
    shared.addOpenSnapshots(1);
    try {
      return reader.query(sql, args, schema, onRow);
    } finally {
      shared.addOpenSnapshots(-1);
      this.#look();
    }
  }

  #begin(): null {
    const { reader, shared } = this.#parts;
    this.#end();
    reader.begin();
    this.#heldSince = shared.snapshotsEnded;
    shared.addOpenSnapshots(1);
    return null;
  }

  #end(): null {
    const { reader, shared } = this.#parts;
    if (this.#heldSince !== null) shared.addOpenSnapshots(-1);
    this.#heldSince = null;
    reader.end();
    return null;
  }

  /** Whether the WAL has become too long for what is held. */
  #look(): void {
    if (this.#heldSince !== null && this.#parts.shared.snapshotsEnded !== this.#heldSince)
      this.#end();
  }

  #close(): void {
    const { reader, closed } = this.#parts;
    this.#end();
    reader.close();
    closed();
  }
}

function cancelled(): PacelineError {
  return new PacelineError('SNAPSHOT_ENDED', 'the read was cancelled');
}
