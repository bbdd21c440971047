/**
 * What every thread of a member may look at without asking another: a few numbers in shared memory. Indexes are kept as
 * their low 32 bits; they are compared by difference, which is right while they are less than 2^31 apart.
 */
const ACCEPTING = 0;
const VISIBLE = 1;
const COMMITTED = 2;
const SUSPECT = 3;
const UNDONE = 4;
const SCHEMA = 5;
const WANTS_COMMIT = 6;
const FIELDS = 7;

export class SharedState {
  readonly buffer: SharedArrayBuffer;
  readonly #fields: Int32Array;

  constructor(buffer = new SharedArrayBuffer(FIELDS * 4)) {
    this.buffer = buffer;
    this.#fields = new Int32Array(buffer);
  }

  /** Whether this member leads and takes writes. */
  get accepting(): boolean {
    return Atomics.load(this.#fields, ACCEPTING) === 1;
  }

  set accepting(value: boolean) {
    Atomics.store(this.#fields, ACCEPTING, value ? 1 : 0);
  }

  /** Low bits of the index up to which readers of the database may see data. Raised before a commit, lowered after an undo. */
  get visible(): number {
    return Atomics.load(this.#fields, VISIBLE);
  }

  setVisible(index: number): void {
    Atomics.store(this.#fields, VISIBLE, index | 0);
  }

  setCommitted(index: number): void {
    Atomics.store(this.#fields, COMMITTED, index | 0);
  }

  /** The commit index, from its low bits and a value that it had not long ago. */
  committedAfter(known: number): number {
    return known + ((Atomics.load(this.#fields, COMMITTED) - (known | 0)) | 0);
  }

  /** Whether the SQL thread waits for the commit index to move. Otherwise it looks when it has work: waking it costs more. */
  get wantsCommit(): boolean {
    return Atomics.load(this.#fields, WANTS_COMMIT) === 1;
  }

  set wantsCommit(value: boolean) {
    Atomics.store(this.#fields, WANTS_COMMIT, value ? 1 : 0);
  }

  /** While true the database may hold what the log has not, and indexes prove nothing. */
  setSuspect(suspect: boolean): void {
    Atomics.store(this.#fields, SUSPECT, suspect ? 1 : 0);
  }

  /** Whether everything up to `visible` is committed. */
  isCommitted(visible: number): boolean {
    return (
      Atomics.load(this.#fields, SUSPECT) === 0 &&
      ((visible - Atomics.load(this.#fields, COMMITTED)) | 0) <= 0
    );
  }

  /** How often commits were undone: a reader that finds it changed must read again. */
  get undone(): number {
    return Atomics.load(this.#fields, UNDONE);
  }

  noteUndone(): void {
    Atomics.add(this.#fields, UNDONE, 1);
  }

  /** Changes whenever the schema may have changed. */
  get schema(): number {
    return Atomics.load(this.#fields, SCHEMA);
  }

  set schema(value: number) {
    Atomics.store(this.#fields, SCHEMA, value);
  }
}
