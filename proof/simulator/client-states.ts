import type { Statement } from '../../src/api/request.ts';
import type { SqlValue } from '../../src/api/value.ts';
import { PacelineError } from '../../src/base/errors.ts';
import type { Prng } from '../../src/base/prng.ts';
import type { EntryId } from '../../src/raft/entry.ts';
import { type Action, isRead, readOf } from '../history/operation.ts';
import type { Pending } from '../history/recorder.ts';
import { answer } from '../workload/perform.ts';
import { observedIn, toStatements } from '../workload/statements.ts';
import type { CallKind } from './calls-done.ts';
import type { ClientReads } from './client-reads.ts';
import { type ClientSession, NOT_DONE } from './client-session.ts';
import { holdState, LeftEarly, type Look, type Rows } from './hold-state.ts';
import { drawHolding, type Holding, type HoldingKind } from './holding.ts';
import type { MemberProcess } from './member.ts';
import type { Promised } from './read-promises.ts';
import { describeReading } from './reading.ts';

/** A state that is held, or is to be. */
interface Held {
  readonly member: MemberProcess;
  readonly holding: Holding;
  readonly promised: Promised;
  /** Reads that are not answered yet. */
  readonly open: Map<Action, Pending>;
  /** Where it is, by what was read first. */
  at: EntryId | null;
  /** When it was taken. */
  takenAt: number;
  times: number;
}

const KIND_OF: Record<HoldingKind, CallKind> = {
  snapshot: 'snapshot',
  'snapshot in place': 'snapshot',
  'snapshot in a thread': 'snapshot in a thread',
  'read transaction': 'read transaction',
  'read function': 'read transaction',
  'row by row': 'rows one by one',
  thread: 'read in a thread',
};

/** How one client reads several things of one state, each judged by that state's position, and as any read is. */
export class ClientStates {
  readonly #session: ClientSession;
  readonly #prng: Prng;
  readonly #reads: ClientReads;

  constructor(session: ClientSession, prng: Prng, reads: ClientReads) {
    this.#session = session;
    this.#prng = prng;
    this.#reads = reads;
  }

  async read(action: Action): Promise<void> {
    const { cluster, workload } = this.#session.parts;
    const member = this.#session.choose();
    if (member === null) return;
    const holding = drawHolding(this.#prng, this.#reads.draw());
    const actions = new Map([[JSON.stringify(action), action]]);
    for (let i = 0; i < holding.more; i++) {
      const next = workload.next();
      const read = isRead(next) ? next : readOf(next);
      actions.set(JSON.stringify(read), read);
    }
    const { level } = holding.options;
    const open = new Map(
      [...actions.values()].map((one) => [one, this.#session.called(one, level)]),
    );
    const promised = cluster.promises.asked(member, holding.options);
    const held: Held = { ...{ member, holding, promised, open }, at: null, takenAt: 0, times: 0 };
    const ended = await this.#session.unlessDead(member, this.#hold(held, [...open.keys()]), null);
    const how = describeHolding(holding);
    for (const pending of open.values()) this.#session.answered(pending, NOT_DONE, how);
    open.clear();
    if (ended === 'well') this.#session.saw(member);
    else this.#session.leave();
  }

  async #hold(held: Held, actions: readonly Action[]): Promise<'well' | 'ill'> {
    const { cluster } = this.#session.parts;
    const { member, holding, promised } = held;
    const work = async (look: Look) => {
      held.times++;
      held.at = null;
      held.takenAt = this.#session.parts.clock();
      cluster.calls.did(KIND_OF[holding.kind]);
      await this.#readAll(held, actions, look);
    };
    try {
      const think = () => cluster.sleep(this.#prng.between(0, holding.thoughtMsMax));
      const told = await holdState(member, holding, this.#prng, { work, think });
      cluster.check(() => cluster.promises.toldState(member, held.at, told));
      return 'well';
    } catch (error) {
      // Nothing counts that a process does that is gone.
      if (error instanceof LeftEarly || !member.alive) return 'well';
      if (!(error instanceof PacelineError)) {
        cluster.fail(error);
        return 'ill';
      }
      if (error.code === 'SNAPSHOT_ENDED' || error.code === 'TRANSACTION_ABORTED')
        cluster.calls.did('state ended by its member');
      this.#reads.refused(member, promised, error);
      return 'ill';
    }
  }

  /** All of them, and at last one of them again. */
  async #readAll(held: Held, actions: readonly Action[], look: Look): Promise<void> {
    const { thoughtMsMax, kind } = held.holding;
    const again = kind === 'thread' || kind === 'row by row' ? [] : [actions[0]!];
    for (const action of [...actions, ...again]) {
      const [statement] = toStatements(action);
      const rows = await look(statement as Statement & { readonly args: readonly SqlValue[] });
      this.#answered(held, action, rows);
      await this.#session.parts.cluster.sleep(this.#prng.between(0, thoughtMsMax));
    }
  }

  #answered(held: Held, action: Action, { rows, at }: Rows): void {
    const { cluster } = this.#session.parts;
    const { member, open, holding } = held;
    if (!member.alive) return;
    cluster.calls.did('state read');
    if (at !== null) cluster.check(() => this.#judge(held, action, { rows, at }));
    const pending = open.get(action);
    open.delete(action);
    // What a function reads that is run again is judged by its state alone.
    if (pending === undefined || held.times > 1) return;
    const takenAt = holding.kind === 'thread' ? this.#session.parts.clock() : held.takenAt;
    const given = answer(action, [{ rows }], at === null ? {} : { position: at });
    this.#session.answered(pending, given, describeHolding(holding), takenAt);
    if (at !== null) this.#session.token.sawCommitted(at);
  }

  #judge(held: Held, action: Action, { rows, at }: Rows & { readonly at: EntryId }): void {
    const { promises, oneState } = this.#session.parts.cluster;
    const { member, promised } = held;
    if (held.at === null) promises.answered(member, promised, at);
    else oneState.held(member.id, held.at, at);
    held.at ??= at;
    oneState.read(member.id, at, action, observedIn(action, [{ rows }]));
  }
}

function describeHolding(holding: Holding): string {
  const { kind, options } = holding;
  return `${kind}: ${describeReading({ options, inPlace: false })}`;
}
