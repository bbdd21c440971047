import type { EntryId } from '../raft/entry.ts';
import type { LogView } from '../raft/log-view.ts';
import { BlockedReaders } from './blocked-readers.ts';
import { CommittedTerms, TERMS_BYTES, type Verdict } from './committed-terms.ts';

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
const APPLIED = 7;
const READERS_WAIT = 8;
const BLOCKED = 9;
const NEWS = 10;
const CURRENT_KNOWN = 11;
const CURRENT_AS_OF = 12;
const PROVEN_KNOWN = 13;
const PROVEN_AT = 14;
const PROVEN_INDEX = 15;
const BOUNDED_WANTED = 16;
const AGE_WANTED = 1;
const AGE_AWAITED = 2;
const SNAPSHOTS_ENDED = 17;
const OPEN_SNAPSHOTS = 18;
const READERS_LEAVE = 19;
const STABLE = 20;
const NEW = 21;
const FIELDS = 22;
/** The table of terms lies behind the fields. */
const TERMS_AT = FIELDS * 4;

export class SharedState {
  readonly buffer: SharedArrayBuffer;
  readonly #fields: Int32Array;
  readonly #terms: CommittedTerms;
  readonly #blocked: BlockedReaders;
  /** Whether this thread has changed something that a read may wait for. */
  #news = false;

  constructor(buffer = new SharedArrayBuffer(TERMS_AT + TERMS_BYTES)) {
    this.buffer = buffer;
    this.#fields = new Int32Array(buffer, 0, FIELDS);
    this.#terms = new CommittedTerms(buffer, TERMS_AT);
    this.#blocked = new BlockedReaders(this.#fields, { blocked: BLOCKED, news: NEWS });
  }

  /** Low bits of the term in which this member leads and takes writes; 0: it does not. */
  get acceptingTerm(): number {
    return Atomics.load(this.#fields, ACCEPTING);
  }

  /** Null: it takes none. In one term it does so from some moment to another, not again. */
  setAccepting(term: number | null): void {
    Atomics.store(this.#fields, ACCEPTING, (term ?? 0) | 0);
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
    this.#news = true;
  }

  /** The commit index, from its low bits and a value that it had not long ago. */
  committedAfter(known: number): number {
    return known + ((Atomics.load(this.#fields, COMMITTED) - (known | 0)) | 0);
  }

  /** Up to here the log is committed, and on this member's own disk: a majority may have it without this one. */
  setStable(index: number): void {
    Atomics.store(this.#fields, STABLE, index | 0);
  }

  /** The same, from its low bits and a value that it had not long ago. */
  stableAfter(known: number): number {
    return known + ((Atomics.load(this.#fields, STABLE) - (known | 0)) | 0);
  }

  /** Whether the SQL thread waits for the commit index to move. Otherwise it looks when it has work: waking it costs more. */
  get wantsCommit(): boolean {
    return Atomics.load(this.#fields, WANTS_COMMIT) === 1;
  }

  set wantsCommit(value: boolean) {
    Atomics.store(this.#fields, WANTS_COMMIT, value ? 1 : 0);
  }

  /** While true the database may hold what the log has not, and indexes prove nothing. */
  get suspect(): boolean {
    return Atomics.load(this.#fields, SUSPECT) === 1;
  }

  setSuspect(suspect: boolean): void {
    Atomics.store(this.#fields, SUSPECT, suspect ? 1 : 0);
    this.#news = true;
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
    this.#news = true;
  }

  /** Changes whenever the schema may have changed. */
  get schema(): number {
    return Atomics.load(this.#fields, SCHEMA);
  }

  set schema(value: number) {
    Atomics.store(this.#fields, SCHEMA, value);
  }

  /** A read that begins now sees the database at this index or later. Lowered before an undo is noted. */
  setApplied(index: number): void {
    if (Atomics.load(this.#fields, APPLIED) === (index | 0)) return;
    Atomics.store(this.#fields, APPLIED, index | 0);
    this.#news = true;
  }

  /** Whether what a read sees now includes the entry at `index`, if that is in the log at all. */
  hasApplied(index: number): boolean {
    return ((index - Atomics.load(this.#fields, APPLIED)) | 0) <= 0;
  }

  /** The applied index, as far as its low bits and the terms of what is committed tell. */
  get applied(): number {
    return this.#terms.indexNear(Atomics.load(this.#fields, APPLIED));
  }

  /** This copy has all that was committed before `ms` on the clock that the threads of this process share. */
  setCurrentAsOf(ms: number): void {
    Atomics.store(this.#fields, CURRENT_AS_OF, Math.floor(ms) | 0);
    Atomics.store(this.#fields, CURRENT_KNOWN, 1);
    Atomics.store(this.#fields, NEW, 0);
    this.#news = true;
  }

  /** Whether this copy began empty, and has not had all that was committed at any moment since: there may be much that it has nothing of. */
  get isNew(): boolean {
    return Atomics.load(this.#fields, NEW) === 1;
  }

  beginNew(): void {
    Atomics.store(this.#fields, NEW, 1);
  }

  /** Too long ago to tell by the low bits. */
  forgetAge(): void {
    Atomics.store(this.#fields, CURRENT_KNOWN, 0);
    Atomics.store(this.#fields, PROVEN_KNOWN, 0);
  }

  /** At least how old this copy may be: all that was committed so many milliseconds before `nowMs` is in it; null if unknown. */
  ageMs(nowMs: number): number | null {
    if (Atomics.load(this.#fields, CURRENT_KNOWN) === 0) return null;
    return (Math.ceil(nowMs) - Atomics.load(this.#fields, CURRENT_AS_OF)) | 0;
  }

  /** A leader that a majority had confirmed after `ms` had this commit index then. */
  setProven(ms: number, index: number): void {
    // In this order: who finds the new time finds the new index, too.
    Atomics.store(this.#fields, PROVEN_INDEX, index | 0);
    Atomics.store(this.#fields, PROVEN_AT, Math.floor(ms) | 0);
    Atomics.store(this.#fields, PROVEN_KNOWN, 1);
    this.#news = true;
  }

  /** How long ago a leader was last confirmed, and how many entries it had committed then that are not applied here; null if unknown. */
  provenLag(nowMs: number): { readonly ms: number; readonly entries: number } | null {
    if (Atomics.load(this.#fields, PROVEN_KNOWN) === 0) return null;
    const ms = (Math.ceil(nowMs) - Atomics.load(this.#fields, PROVEN_AT)) | 0;
    const behind =
      (Atomics.load(this.#fields, PROVEN_INDEX) - Atomics.load(this.#fields, APPLIED)) | 0;
    return { ms, entries: Math.max(0, behind) };
  }

  /** A read asks how old this copy is: while some do the loop keeps that up to date, and at once where one waits for it. */
  wantAge(waits: boolean): void {
    Atomics.or(this.#fields, BOUNDED_WANTED, waits ? AGE_WANTED | AGE_AWAITED : AGE_WANTED);
  }

  get ageIsAwaited(): boolean {
    return (Atomics.load(this.#fields, BOUNDED_WANTED) & AGE_AWAITED) !== 0;
  }

  /** Whether any has asked since the last call. */
  takeWantsAge(): boolean {
    return Atomics.exchange(this.#fields, BOUNDED_WANTED, 0) !== 0;
  }

  /** Changes when the WAL has become too long: whoever has held a snapshot since before lets go. */
  get snapshotsEnded(): number {
    return Atomics.load(this.#fields, SNAPSHOTS_ENDED);
  }

  /** States of the database that the application's thread holds. */
  get openSnapshots(): number {
    return Atomics.load(this.#fields, OPEN_SNAPSHOTS);
  }

  addOpenSnapshots(count: number): void {
    Atomics.add(this.#fields, OPEN_SNAPSHOTS, count);
  }

  endSnapshots(): void {
    Atomics.add(this.#fields, SNAPSHOTS_ENDED, 1);
  }

  /** Whether reads of the application's thread wait for news, and want a message when there is some. */
  set readersWait(value: boolean) {
    Atomics.store(this.#fields, READERS_WAIT, value ? 1 : 0);
  }

  /** The files are to be replaced, and whoever has them open is asked to close them. Who stands still is woken, and finds it here. */
  get readersLeave(): boolean {
    return Atomics.load(this.#fields, READERS_LEAVE) === 1;
  }

  setReadersLeave(leave: boolean): void {
    Atomics.store(this.#fields, READERS_LEAVE, leave ? 1 : 0);
    this.#blocked.wake();
  }

  /** Call before `setCommitted`. */
  noteTerms(log: LogView, commit: number): void {
    if (this.#terms.note(log, commit)) this.#news = true;
  }

  /** What became of a position that somebody was given. */
  verdict(position: EntryId): Verdict {
    return this.#terms.verdict(position, Atomics.load(this.#fields, COMMITTED));
  }

  /** See `CommittedTerms.positionAt`, of the committed entry with these low bits of its index, not far from the commit index. */
  committedPosition(indexBits: number): EntryId {
    return this.#terms.positionAt(this.#terms.indexNear(indexBits));
  }

  /** The same of a position that is committed; as given while this member does not know that. */
  asCommitted(position: EntryId): EntryId {
    const known = ((position.index - Atomics.load(this.#fields, COMMITTED)) | 0) <= 0;
    return known ? this.#terms.positionAt(position.index) : position;
  }

  /** For the end of a turn: if this thread has changed anything, wakes those that stand still; true if the application's is to be told. */
  takeNews(): boolean {
    if (!this.#news) return false;
    this.#news = false;
    this.#blocked.wake();
    return Atomics.load(this.#fields, READERS_WAIT) === 1;
  }

  /** See `BlockedReaders.block`; readers that are to leave do not stand still. */
  block(isTrue: () => boolean, timeoutMs: number, now: () => number): boolean {
    return this.#blocked.block(isTrue, () => this.readersLeave, timeoutMs, now);
  }
}
