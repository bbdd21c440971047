import { describeOperation } from './describe.ts';
import type { Finding } from './finding.ts';
import {
  answeredAt,
  type History,
  isRead,
  type Operation,
  objectOf,
  type Taken,
} from './operation.ts';
import { type Floor, Seen } from './seen.ts';
import {
  acknowledgedByObject,
  indexOf,
  missedWrite,
  valuesSeen,
  writesByValue,
} from './versions.ts';

/**
 * The four session guarantees (Terry and others, "Session guarantees for weakly consistent replicated
 * data", 1994): reads at levels `session` and `strong` show the session's own writes (read your writes) and
 * whatever its earlier reads showed, at whichever level (monotonic reads), on this and on every other
 * object; its writes come after both (monotonic writes, writes follow reads). A read at any level that was
 * given another session's token shows what that had written and read (token). What a session has seen is
 * known by the positions of answers, and by the positions of the writes whose values it read.
 */
export function checkSessions(history: History): Finding[] {
  const bound = ({ level }: Operation) => level !== 'eventual' && level !== 'bounded';
  return new Guarantees(history, bound).run(history);
}

/**
 * Reads of a member's own copy promise nothing about what others or the same client wrote, but while its
 * process is the same they never go back, on one object or between two: a session without its writes.
 */
export function checkCopies(history: History): Finding[] {
  const reads = history.flatMap(({ after: _, ...read }) =>
    read.copy === undefined ? [] : [{ ...read, client: read.copy }],
  );
  return new Guarantees(history, () => true).run(reads);
}

/** What an operation has to come after. */
interface Due {
  readonly seen: Seen;
  readonly time: number;
  readonly rule: string | null;
}

class Guarantees {
  readonly #writes: ReadonlyMap<number, Operation>;
  readonly #acknowledged: ReadonlyMap<string, readonly Operation[]>;
  readonly #sessions = new Map<number, Seen>();
  /** Whether an operation has to come after what its own session has seen. */
  readonly #isBound: (operation: Operation) => boolean;

  constructor(history: History, isBound: (operation: Operation) => boolean) {
    this.#writes = writesByValue(history);
    this.#acknowledged = acknowledgedByObject(history);
    this.#isBound = isBound;
  }

  run(operations: readonly Operation[]): Finding[] {
    const answered = operations
      .filter((one) => one.outcome.kind === 'ok' && answeredAt(one) !== null)
      .sort((a, b) => answeredAt(a)! - answeredAt(b)!);
    return answered.flatMap((operation) => {
      const finding = this.#judge(operation);
      this.#note(operation);
      return finding === null ? [] : [finding];
    });
  }

  #of(client: number): Seen {
    const seen = this.#sessions.get(client) ?? new Seen();
    this.#sessions.set(client, seen);
    return seen;
  }

  #judge(operation: Operation): Finding | null {
    const own = { seen: this.#of(operation.client), time: operation.called, rule: null };
    const judge = isRead(operation.action) ? this.#read : this.#write;
    const finding = this.#isBound(operation) ? judge.call(this, operation, own) : null;
    if (finding !== null || operation.after === undefined) return finding;
    return this.#read(operation, this.#dueOf(operation.after));
  }

  #dueOf({ client, at }: Taken): Due {
    return { seen: this.#of(client), time: at, rule: 'token' };
  }

  #note(operation: Operation): void {
    const indexes = valuesSeen(operation).map((value) => {
      const write = this.#writes.get(value);
      return write === undefined ? 0 : indexOf(write);
    });
    const session = this.#of(operation.client);
    session.add(operation, Math.max(indexOf(operation), ...indexes), operation);
    if (operation.after === undefined) return;
    const { seen, time } = this.#dueOf(operation.after);
    const floor = seen.floorAt(time);
    if (floor !== null) session.add(operation, floor.index, floor.by);
  }

  #write(operation: Operation, { seen, time }: Due): Finding | null {
    const { outcome, position } = operation;
    const latest = seen.floorAt(time);
    if (latest === null || position === null) return null;
    if (outcome.kind === 'ok' && outcome.observed === false) return null;
    if (position.index > latest.index) return null;
    const after = isRead(latest.by.action) ? 'writes follow reads' : 'monotonic writes';
    return finding(after, operation, latest.by);
  }

  #read(operation: Operation, { seen, time, rule }: Due): Finding | null {
    const latest = seen.floorAt(time);
    const missed =
      this.#missedWrite(operation, latest) ??
      missedRead(operation, seen.listAt(objectOf(operation.action), time));
    if (missed !== null) {
      const own = missed.client === operation.client && !isRead(missed.action);
      const others = latest === null || latest.by === missed ? [] : [latest.by];
      const broken = rule ?? (own ? 'read your writes' : 'monotonic reads');
      return finding(broken, operation, missed, ...others);
    }
    if (latest === null || operation.position === null) return null;
    if (operation.position.index >= latest.index) return null;
    const broken = isRead(latest.by.action) ? 'monotonic reads' : 'read your writes';
    return finding(rule ?? broken, operation, latest.by);
  }

  /** An acknowledged write of this object, at or before the latest state seen, that the read does not show. */
  #missedWrite(read: Operation, latest: Floor | null): Operation | null {
    const writes = this.#acknowledged.get(objectOf(read.action)) ?? [];
    return missedWrite(read, writes, latest?.index ?? 0, this.#writes);
  }
}

/** An earlier read of the same list that showed what this one does not. */
function missedRead(read: Operation, earlier: Operation | null): Operation | null {
  if (read.action.kind !== 'list' || earlier === null) return null;
  const now = valuesSeen(read);
  return valuesSeen(earlier).every((value, i) => value === now[i]) ? null : earlier;
}

function finding(rule: string, operation: Operation, ...before: Operation[]): Finding {
  const shown = [...before].sort((a, b) => a.called - b.called);
  return {
    check: rule,
    broken: `${rule} (${objectOf(operation.action)})`,
    explanation: [...shown, operation].map(describeOperation),
  };
}
