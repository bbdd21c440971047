import assert from 'node:assert/strict';
import type { LogBase, LogWrite } from '../../src/log-store/log-store.ts';
import type { Entry, HardState } from '../../src/raft/entry.ts';
import { type Contents, CREATION } from './fixtures.ts';

/** The log behind one step of what was handed over. */
interface State {
  /** Where the log began: creation, or the last reset. */
  readonly start: LogBase;
  /** All entries after `start`, compacted or not. */
  readonly entries: readonly Entry[];
  readonly hardState: HardState;
}

/**
 * All states that a log may be in after a crash: one for each step that was handed over (a hard
 * state, a truncation, an entry, a reset), from the last acknowledged one on; and the bases that
 * compaction may have moved it to.
 */
export class HistoryModel {
  #states: State[] = [{ start: CREATION.base, entries: [], hardState: CREATION.hardState }];
  #acknowledged = 0;
  #bases: LogBase[] = [];
  /** Below this one the log may not begin again. */
  #floor: LogBase = CREATION.base;

  /** Returns what to call when the write is acknowledged. */
  write({ hardState, truncateFrom, entries }: LogWrite): () => void {
    if (hardState !== null) this.#push({ ...this.#last, hardState });
    if (truncateFrom !== null) {
      const kept = this.#last.entries.filter(({ index }) => index < truncateFrom);
      this.#push({ ...this.#last, entries: kept });
    }
    for (const entry of entries) {
      this.#push({ ...this.#last, entries: [...this.#last.entries, entry] });
    }
    return this.#acknowledge();
  }

  reset(base: LogBase): () => void {
    this.#push({ ...this.#last, start: base, entries: [] });
    return this.#acknowledge();
  }

  compact(base: LogBase): void {
    this.#bases.push(base);
  }

  /** Fails unless `found` is a legal state; then the history goes on from it. */
  reopened(found: Contents, what: string): void {
    const at = this.#states.findIndex((state, i) => {
      return i >= this.#acknowledged && this.#matches(found, state);
    });
    assert.notEqual(at, -1, `${what}: ${this.#describe(found)}`);
    this.#states = [this.#states[at]!];
    this.#acknowledged = 0;
    this.#floor = found.base;
  }

  get #last(): State {
    return this.#states.at(-1)!;
  }

  #push(state: State): void {
    this.#states.push(state);
  }

  #acknowledge(): () => void {
    const at = this.#states.length - 1;
    return () => {
      assert.ok(at >= this.#acknowledged, 'acknowledged out of order');
      this.#acknowledged = at;
    };
  }

  #matches(found: Contents, state: State): boolean {
    const { index } = found.base.id;
    const kept = state.entries.filter((entry) => entry.index > index);
    return (
      same(found.hardState, state.hardState) &&
      same(found.entries, kept) &&
      this.#isBaseOf(found.base, state)
    );
  }

  #isBaseOf(base: LogBase, { start, entries }: State): boolean {
    if (base.id.index < this.#floor.id.index) return false;
    if (same(base, start)) return true;
    if (!this.#bases.some((each) => same(each, base))) return false;
    return entries.some(({ index, term }) => index === base.id.index && term === base.id.term);
  }

  #describe(found: Contents): string {
    const brief = (entries: readonly Entry[]): string =>
      entries.map(({ index, term }) => `${index}@${term}`).join(' ');
    const legal = this.#states.slice(this.#acknowledged).map(({ start, entries, hardState }) => {
      return `${start.id.index}@${start.id.term}: ${brief(entries)} ${JSON.stringify(hardState)}`;
    });
    const { base, entries, hardState } = found;
    const is = `${base.id.index}@${base.id.term}: ${brief(entries)} ${JSON.stringify(hardState)}`;
    return `found ${is}\nnone of\n${legal.join('\n')}`;
  }
}

function same(a: unknown, b: unknown): boolean {
  try {
    assert.deepEqual(a, b);
    return true;
  } catch (error) {
    assert.ok(error instanceof assert.AssertionError);
    return false;
  }
}
