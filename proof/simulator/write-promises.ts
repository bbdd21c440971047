import type { Durability, Reached } from '../../src/api/durability.ts';
import type { Position, WriteOutcome } from '../../src/api/request.ts';
import { decodeLostFile } from '../../src/member/lost-file.ts';
import type { EntryId } from '../../src/raft/entry.ts';
import type { Operation, Outcome } from '../history/operation.ts';
import type { Checker } from './checker.ts';
import type { Machine } from './machine.ts';
import type { MemberProcess } from './member.ts';
import type { Plan } from './plan.ts';
import { require } from './violation.ts';
import { mayBeDiscarded } from './writing.ts';

/** Acknowledged below a majority: only the end tells whether it counts. */
interface Provisional {
  readonly position: EntryId;
  readonly outcome: Outcome;
  readonly operation: Operation;
  /** Another operation of the same write. */
  readonly more: boolean;
}

/** What the acknowledgement of a write promises (docs/writes.md), by what the checker knows of the members' disks. */
export class WritePromises {
  readonly #checker: Checker;
  readonly #plan: Plan;
  readonly #provisional: Provisional[] = [];

  constructor(checker: Checker, plan: Plan) {
    this.#checker = checker;
    this.#plan = plan;
  }

  /** Whether what was acknowledged is there for good. */
  acknowledged(
    member: MemberProcess,
    position: Position,
    reached: Reached,
    durability: Durability,
  ): boolean {
    const checker = this.#checker;
    const { committed, members } = reached;
    for (const id of members ?? [])
      require(checker.hadOnDisk(id, position), 'I4 receipt', () => {
        return `${id} is said to have ${checker.describe(position)} on disk, and never had`;
      });
    if (committed) checker.acknowledged(member.id, position);
    const stable = this.#plan.faults.has('membership');
    require(committed ||
      stable ||
      mayBeDiscarded(durability, this.#plan), 'I4 acknowledged when committed', () => {
      return `${member.id} acknowledged ${checker.describe(position)} at durability ${durability}`;
    });
    if (!stable) this.#checkReached(position, reached, durability);
    return committed;
  }

  #checkReached(position: Position, { members }: Reached, durability: Durability) {
    if (members === null || durability === 'quorum') return;
    const enough =
      durability === 'local'
        ? members.length > 0
        : typeof durability === 'number'
          ? members.length >= durability
          : durability === 'all'
            ? members.length >= this.#plan.voters
            : durability.every((id) => members.includes(id));
    require(enough, 'I4 receipt', () => {
      return `${this.#checker.describe(position)} is on ${members}, and was to be at ${durability}`;
    });
  }

  /** Acknowledged, and not committed: its `operation` is in the history as one of unknown outcome. `more`: of a write that has several. */
  provisional(position: EntryId, outcome: Outcome, operation: Operation, more = false): void {
    this.#provisional.push({ position, outcome, operation, more });
  }

  /** How many there are so far. */
  get count(): number {
    return this.#provisional.length;
  }

  /** How many of the first `count` a leader of that term, who has committed up to `commit`, may still lose. */
  atRisk(count: number, term: number, commit: number): number {
    const until = this.#provisional.slice(0, count);
    return until.filter(({ position: p, more }) => !more && p.term === term && p.index > commit)
      .length;
  }

  /** A write that was acknowledged for good, and what `outcome` says of it right afterwards. */
  outcomeOf(position: Position, outcome: WriteOutcome): void {
    const is = outcome.state === 'committed' ? outcome.position : null;
    require(is?.index === position.index && is.term === position.term, 'I9 outcome', () => {
      const said = is === null ? outcome.state : `at ${is.term}.${is.index}`;
      return `what was acknowledged at ${this.#checker.describe(position)} is said to be ${said}`;
    });
  }

  /** Of a write that was refused under its id, and what `outcome` says of it right afterwards. */
  refusalOf(id: string, outcome: WriteOutcome): void {
    const refused = outcome.state === 'rejected' && outcome.error.sqlite !== undefined;
    require(refused, 'I9 outcome', () => `${id} was refused, and is said to be ${outcome.state}`);
  }

  /** The same write under the same id once more: it may not get an answer, but no other one. */
  refusedAgain(id: string, outcome: Outcome): void {
    const same = outcome.kind !== 'ok' || outcome.observed === false;
    require(same, 'I9 outcome', () => `${id} was refused, and took effect when it was tried again`);
  }

  /** The history with what became of them in the end. */
  settled(history: readonly Operation[]): Operation[] {
    const known = new Map(this.#provisional.map((one) => [one.operation, one]));
    return history.map((operation) => {
      const one = known.get(operation);
      if (one === undefined || !this.#checker.isCommitted(one.position)) return operation;
      const { outcome, position } = one;
      return { ...operation, outcome, position };
    });
  }

  /** What failovers discarded is in a file of some member that had it (I10). `machines`: those that took part until the end. */
  checkLost(machines: readonly Machine[]): void {
    const saved = new Set<string>();
    for (const { lost } of machines)
      for (const bytes of lost.values())
        for (const { id, mayBeAcknowledged } of decodeLostFile(bytes).entries)
          if (mayBeAcknowledged) saved.add(`${id.term}.${id.index}`);
    for (const { position } of this.#provisional) {
      if (this.#checker.isCommitted(position)) continue;
      const holders = machines.filter(({ id }) => this.#checker.hadOnDisk(id, position));
      if (holders.length === 0 || holders.some(({ damaged }) => damaged)) continue;
      require(saved.has(
        `${position.term}.${position.index}`,
      ), 'I10 discarded writes are kept', () => {
        return `${this.#checker.describe(position)} was acknowledged and discarded, and is in no file of ${holders.map(({ id }) => id)}`;
      });
    }
  }
}
