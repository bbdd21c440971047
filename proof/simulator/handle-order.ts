import type { EntryId } from '../../src/raft/entry.ts';
import type { MemberProcess } from './member.ts';
import type { Plan } from './plan.ts';
import { require } from './violation.ts';

/** A write that was acknowledged for good, and the place of its call among those of its handle. */
interface Done {
  readonly call: number;
  readonly position: EntryId;
}

/**
 * The writes of one handle are done in the order of their calls (docs/writes.md), as far as acknowledgements tell. That rests on
 * connections that lose nothing while they last, as TCP's do: a refusal that is lost would be taken for silence, and
 * what was refused is sent again, behind what was called later.
 */
export class HandleOrder {
  readonly #lossBreaks: boolean;
  readonly #calls = new WeakMap<MemberProcess, number>();
  readonly #done = new WeakMap<MemberProcess, Done[]>();

  constructor({ lossBreaks, network }: Plan) {
    this.#lossBreaks = lossBreaks || network.loss === 0;
  }

  /** Call right before the handle's; returns its place. */
  calls(member: MemberProcess): number {
    const call = (this.#calls.get(member) ?? 0) + 1;
    this.#calls.set(member, call);
    return call;
  }

  done(member: MemberProcess, call: number, position: EntryId): void {
    if (!this.#lossBreaks) return;
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
