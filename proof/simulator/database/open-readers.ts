import { PacelineError } from '../../../src/base/errors.ts';
import type { OpenedReader } from '../../../src/member/this-copy.ts';
import { Violation } from '../violation.ts';

/** The connections by which a process reads its database. They must be closed before another one takes its place. */
export class OpenReaders {
  readonly #open = new Set<OpenedReader>();
  readonly #holding = new Set<OpenedReader>();
  #gone = false;

  /** How many hold a state. */
  get holding(): number {
    return this.#holding.size;
  }

  opened(reader: OpenedReader): OpenedReader {
    this.#open.add(reader);
    const there = () => this.#check();
    return {
      query: (...args) => there() && reader.query(...args),
      first: (...args) => there() && reader.first(...args),
      iterate: (...args) => this.#iterate(reader, args),
      columns: (...args) => there() && reader.columns(...args),
      begin: () => {
        this.#check();
        reader.begin();
        this.#holding.add(reader);
      },
      end: () => {
        this.#holding.delete(reader);
        if (!this.#gone) reader.end();
      },
      close: () => {
        this.#open.delete(reader);
        this.#holding.delete(reader);
        if (!this.#gone) reader.close();
      },
    };
  }

  /** The process is gone, and with it all that is open: what still runs of it in the simulator finds nothing. */
  gone(): void {
    this.#gone = true;
  }

  mustBeClosed(onViolation: (violation: Error) => void): void {
    const { size } = this.#open;
    if (size === 0) return;
    const what = `${size} connections for reads are open while another database takes the place of theirs`;
    onViolation(new Violation('I6 one database at a time', what));
  }

  *#iterate(reader: OpenedReader, args: Parameters<OpenedReader['iterate']>) {
    this.#check();
    const rows = reader.iterate(...args);
    try {
      for (;;) {
        this.#check();
        const next = rows.next();
        if (next.done === true) return;
        yield next.value;
      }
    } finally {
      if (!this.#gone) rows.return(undefined);
    }
  }

  #check(): true {
    if (this.#gone) throw new PacelineError('CLOSED', 'this process is gone');
    return true;
  }
}
