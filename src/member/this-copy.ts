import { PacelineError } from '../base/errors.ts';
import { Reader } from '../sqlite/reader.ts';

/** Opens a connection to the database that only reads. */
export type OpenReader = () => Pick<
  Reader,
  'query' | 'first' | 'iterate' | 'columns' | 'begin' | 'end' | 'close'
>;
export type OpenedReader = ReturnType<OpenReader>;

/** The application thread's connection to this member's copy, which now and then has to be closed so that another one can take its place. */
export class ThisCopy {
  readonly #openReader: OpenReader;
  #reader: OpenedReader | null = null;
  #mayOpen = false;
  #opened = false;
  #onOpen: (() => void) | null = null;

  constructor(openReader: OpenReader) {
    this.#openReader = openReader;
  }

  /** Throws NOT_READY while there is no copy. */
  get reader(): OpenedReader {
    this.#reader ??= this.open();
    return this.#reader;
  }

  /** A further connection. Throws NOT_READY while there is no copy. */
  open(): OpenedReader {
    this.check();
    this.#opened = true;
    return this.#openReader();
  }

  check(): void {
    if (this.#mayOpen) return;
    throw new PacelineError(
      'NOT_READY',
      'this member is fetching its database: ask another member, or again in a moment',
    );
  }

  /** The files are open, or were replaced. */
  mayOpen(): void {
    this.#mayOpen = true;
    this.#onOpen?.();
  }

  /** Resolves when the files are open for the first time. */
  whenOpen(): Promise<void> {
    if (this.#mayOpen) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onOpen = resolve;
    });
  }

  /** The files are about to be replaced. */
  close(): void {
    this.#mayOpen = false;
    this.#reader?.close();
    this.#reader = null;
  }

  /** Whether connections may still be open although they were closed. */
  get leftConnections(): boolean {
    return this.#opened && !Reader.closesAtOnce;
  }
}
