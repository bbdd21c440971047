import type { EntryId } from '../../src/raft/entry.ts';
import type { MemberProcess } from './member.ts';
import { require } from './violation.ts';

/** A write that was acknowledged for good, and the place of its call among those of its handle. */
interface Done {
  readonly call: number;
  readonly position: EntryId;
}

/** The writes of one handle are done in the order of their calls (docs/writes.md), as far as acknowledgements tell. */
export class HandleOrder {
  readonly #calls = new WeakMap<MemberProcess, number>();
  readonly #done = new WeakMap<MemberProcess, Done[]>();

  /** Call right before the handle's; returns its place. */
  calls(member: MemberProcess): number {
    const call = (this.#calls.get(member) ?? 0) + 1;
    this.#calls.set(member, call);
    return call;
  }

  done(member: MemberProcess, call: number, position: EntryId): void {
    const done = this.#done.get(member) ?? [];
    this.#done.set(member, done);
    for (const other of done) {
      const [first, second] =
        other.call < call ? [other.position, position] : [position, other.position];
      require(!isBefore(second, first), 'order of a handle', () => {
        const what = `a write called later is at ${second.term}.${second.index}`;
        return `${member.id}: ${what}, one called earlier at ${first.term}.${first.index}`;
      });
    }
    done.push({ call, position });
  }
}

function isBefore(one: EntryId, other: EntryId): boolean {
  return one.term === other.term ? one.index < other.index : one.term < other.term;
}
