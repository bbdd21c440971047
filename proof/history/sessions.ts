import { describeOperation } from './describe.ts';
import type { Finding } from './finding.ts';
import { type History, isRead, type Operation, objectOf } from './operation.ts';
import { acknowledgedByObject, indexOf, valuesSeen, writesByValue } from './versions.ts';

/**
 * The four session guarantees (Terry and others, "Session guarantees for weakly consistent replicated
 * data", 1994) for what each client did at levels `session` and `strong`: its reads show its own writes
 * (read your writes) and whatever earlier reads showed (monotonic reads), on this and on every other
 * object; its writes come after both (monotonic writes, writes follow reads). What a client has seen is
 * known by the positions of answers, and by the positions of the writes whose values it read.
 */
export function checkSessions(history: History): Finding[] {
  const facts: Facts = {
    writes: writesByValue(history),
    acknowledged: acknowledgedByObject(history),
  };
  return [...byClient(history).values()].flatMap((operations) =>
    new Session(facts).run(operations),
  );
}

interface Facts {
  readonly writes: ReadonlyMap<number, Operation>;
  readonly acknowledged: ReadonlyMap<string, readonly Operation[]>;
}

/** What each client was answered, in the order in which it asked. */
function byClient(history: History): Map<number, Operation[]> {
  const clients = new Map<number, Operation[]>();
  for (const operation of history) {
    const { outcome, level, client } = operation;
    if (outcome.kind !== 'ok' || level === 'eventual' || level === 'bounded') continue;
    // Acknowledged below a majority: its author sees it when it has reached one.
    if (operation.returned === null) continue;
    const operations = clients.get(client);
    if (operations === undefined) clients.set(client, [operation]);
    else operations.push(operation);
  }
  for (const operations of clients.values()) operations.sort((a, b) => a.called - b.called);
  return clients;
}

/** Follows one client. */
class Session {
  readonly #facts: Facts;
  /** The operation that saw the latest state or made it, and the index of that. */
  #latest: { readonly by: Operation; readonly index: number } | null = null;
  readonly #lastRead = new Map<string, Operation>();

  constructor(facts: Facts) {
    this.#facts = facts;
  }

  run(operations: readonly Operation[]): Finding[] {
    const findings: Finding[] = [];
    for (const operation of operations) {
      const finding = isRead(operation.action) ? this.#read(operation) : this.#write(operation);
      if (finding !== null) findings.push(finding);
      this.#saw(operation);
    }
    return findings;
  }

  #saw(operation: Operation): void {
    const values = valuesSeen(operation);
    const indexes = values.map((value) => {
      const write = this.#facts.writes.get(value);
      return write === undefined ? 0 : indexOf(write);
    });
    const index = Math.max(indexOf(operation), ...indexes);
    if (index > (this.#latest?.index ?? 0)) this.#latest = { by: operation, index };
    if (isRead(operation.action)) this.#lastRead.set(objectOf(operation.action), operation);
  }

  #write(operation: Operation): Finding | null {
    const { outcome, position } = operation;
    const latest = this.#latest;
    if (latest === null || position === null) return null;
    if (outcome.kind === 'ok' && outcome.observed === false) return null;
    if (position.index > latest.index) return null;
    const after = isRead(latest.by.action) ? 'writes follow reads' : 'monotonic writes';
    return finding(after, operation, latest.by);
  }

  #read(operation: Operation): Finding | null {
    const latest = this.#latest;
    const missed = this.#missedWrite(operation) ?? this.#missedRead(operation);
    if (missed !== null) {
      const own = missed.client === operation.client && !isRead(missed.action);
      const others = latest === null || latest.by === missed ? [] : [latest.by];
      return finding(own ? 'read your writes' : 'monotonic reads', operation, missed, ...others);
    }
    if (latest === null || operation.position === null) return null;
    if (operation.position.index >= latest.index) return null;
    const rule = isRead(latest.by.action) ? 'monotonic reads' : 'read your writes';
    return finding(rule, operation, latest.by);
  }

  /** An acknowledged write of this object, at or before the latest state seen, that the read does not show. */
  #missedWrite(read: Operation): Operation | null {
    const writes = this.#facts.acknowledged.get(objectOf(read.action)) ?? [];
    const latest = this.#latest?.index ?? 0;
    const due = writes.filter((write) => indexOf(write) > 0 && indexOf(write) <= latest);
    const seen = valuesSeen(read);
    if (read.action.kind === 'list') {
      const shown = new Set(seen);
      return due.find(({ action }) => 'value' in action && !shown.has(action.value)) ?? null;
    }
    const last = due.at(-1);
    if (read.action.kind !== 'read' || last === undefined) return null;
    if (seen.length === 0) return last;
    const shown = this.#facts.writes.get(seen[0]!);
    // The value of an unanswered write: nothing tells how old it is.
    if (shown === undefined || shown.position === null) return null;
    return indexOf(shown) < indexOf(last) ? last : null;
  }

  /** An earlier read of the same list that showed what this one does not. */
  #missedRead(read: Operation): Operation | null {
    if (read.action.kind !== 'list') return null;
    const earlier = this.#lastRead.get(objectOf(read.action));
    if (earlier === undefined) return null;
    const now = valuesSeen(read);
    return valuesSeen(earlier).every((value, i) => value === now[i]) ? null : earlier;
  }
}

function finding(rule: string, operation: Operation, ...before: Operation[]): Finding {
  const shown = [...before].sort((a, b) => a.called - b.called);
  return {
    check: rule,
    broken: `${rule} (${objectOf(operation.action)})`,
    explanation: [...shown, operation].map(describeOperation),
  };
}
