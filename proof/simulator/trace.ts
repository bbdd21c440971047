import { crc32 } from '../../src/base/crc32.ts';

/** Lines kept for the report of a failure. */
const LINES_KEPT = 400;

/** What happened in a run, one line each. The same seed gives the same lines. */
export class Trace {
  readonly #now: () => number;
  readonly #print: ((line: string) => void) | null;
  #lines: string[] = [];
  #hash = 0;
  count = 0;

  constructor(now: () => number, print: ((line: string) => void) | null) {
    this.#now = now;
    this.#print = print;
  }

  add(who: string, what: string): void {
    const line = `${this.#now().toFixed(3).padStart(10)} ${who.padEnd(4)} ${what}`;
    this.count++;
    this.#hash = crc32(Buffer.from(line), this.#hash);
    this.#lines.push(line);
    if (this.#lines.length > 2 * LINES_KEPT) this.#lines = this.#lines.slice(-LINES_KEPT);
    this.#print?.(line);
  }

  /** Of all lines so far. */
  get hash(): string {
    return this.#hash.toString(16).padStart(8, '0');
  }

  last(count: number): string[] {
    return this.#lines.slice(-count);
  }
}
