/**
 * What every thread of a member may look at without asking another: a few numbers in shared memory. Indexes are kept as
 * their low 32 bits; they are compared by difference, which is right while they are less than 2^31 apart.
 */
const FIELDS = ['accepting', 'visible', 'committed', 'suspect', 'undone', 'schema'] as const;
type Field = (typeof FIELDS)[number];

export class SharedState {
  readonly buffer: SharedArrayBuffer;
  readonly #fields: Int32Array;

  constructor(buffer = new SharedArrayBuffer(FIELDS.length * 4)) {
    this.buffer = buffer;
    this.#fields = new Int32Array(buffer);
  }

  /** Whether this member leads and takes writes. */
  get accepting(): boolean {
    return this.#load('accepting') === 1;
  }

  set accepting(value: boolean) {
    this.#store('accepting', value ? 1 : 0);
  }

  /** Low bits of the index up to which readers of the database may see data. Raised before a commit, lowered after an undo. */
  get visible(): number {
    return this.#load('visible');
  }

  setVisible(index: number): void {
    this.#store('visible', index | 0);
  }

  setCommitted(index: number): void {
    this.#store('committed', index | 0);
  }

  /** While true the database may hold what the log has not, and indexes prove nothing. */
  setSuspect(suspect: boolean): void {
    this.#store('suspect', suspect ? 1 : 0);
  }

  /** Whether everything up to `visible` is committed. */
  isCommitted(visible: number): boolean {
    return this.#load('suspect') === 0 && ((visible - this.#load('committed')) | 0) <= 0;
  }

  /** How often commits were undone: a reader that finds it changed must read again. */
  get undone(): number {
    return this.#load('undone');
  }

  noteUndone(): void {
    Atomics.add(this.#fields, FIELDS.indexOf('undone'), 1);
  }

  /** Changes whenever the schema may have changed. */
  get schema(): number {
    return this.#load('schema');
  }

  set schema(value: number) {
    this.#store('schema', value);
  }

  #load(field: Field): number {
    return Atomics.load(this.#fields, FIELDS.indexOf(field));
  }

  #store(field: Field, value: number): void {
    Atomics.store(this.#fields, FIELDS.indexOf(field), value);
  }
}
