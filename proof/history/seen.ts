import { answeredAt, isRead, type Operation, objectOf } from './operation.ts';
import { valuesSeen } from './versions.ts';

/** How far something has got, and by which operation. */
export interface Floor {
  readonly index: number;
  readonly by: Operation;
}

interface Point extends Floor {
  readonly since: number;
}

/** What one session has seen and done, at each time. Operations are added in the order of their answers. */
export class Seen {
  readonly #points: Point[] = [];
  readonly #lists = new Map<string, Operation[]>();

  /** `index`: of the latest state that the operation saw or made, as far as known. */
  add(operation: Operation, index: number, by: Operation): void {
    const since = answeredAt(operation) ?? Number.POSITIVE_INFINITY;
    if (index > (this.#points.at(-1)?.index ?? 0)) this.#points.push({ index, by, since });
    if (!isRead(operation.action) || operation.action.kind !== 'list') return;
    const object = objectOf(operation.action);
    const lists = this.#lists.get(object) ?? [];
    this.#lists.set(object, lists);
    if (lists.length === 0 || valuesSeen(operation).length > valuesSeen(lists.at(-1)!).length)
      lists.push(operation);
  }

  /** The latest state known at `time`; null if there is none. */
  floorAt(time: number): Floor | null {
    return this.#points.findLast(({ since }) => since <= time) ?? null;
  }

  /** The longest read of this list that was answered by `time`. */
  listAt(object: string, time: number): Operation | null {
    const lists = this.#lists.get(object) ?? [];
    return lists.findLast((read) => (answeredAt(read) ?? 0) <= time) ?? null;
  }
}
