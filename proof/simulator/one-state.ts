import type { EntryId } from '../../src/raft/entry.ts';
import { describeAction } from '../history/describe.ts';
import { type Action, type Observed, objectOf } from '../history/operation.ts';
import { require } from './violation.ts';

interface Shown {
  readonly text: string;
  readonly by: string;
}

/** What was read at one position is one state, whoever reads it, on whichever member, and however often (I6, I7). */
export class OneState {
  readonly #shown = new Map<string, Shown>();

  read(by: string, at: EntryId, action: Action, observed: Observed): void {
    const key = `${at.term}.${at.index} ${objectOf(action)}`;
    const text = JSON.stringify(observed);
    const known = this.#shown.get(key);
    if (known === undefined) this.#shown.set(key, { text, by });
    else
      require(known.text === text, 'I6 one state at a position', () => {
        const what = `${describeAction(action)} at ${at.term}.${at.index}`;
        return `${what}: ${known.by} shows ${known.text}, ${by} shows ${text}`;
      });
  }

  /** All that is read in one held state is read from the same position. */
  held(by: string, first: EntryId, at: EntryId): void {
    require(first.index === at.index && first.term === at.term, 'I6 one state', () => {
      return `${by} holds the state at ${first.term}.${first.index}, and shows that at ${at.term}.${at.index}`;
    });
  }
}
