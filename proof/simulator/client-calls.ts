import { Prng } from '../../src/base/prng.ts';
import { type Action, isRead } from '../history/operation.ts';
import { ClientFunctions } from './client-functions.ts';
import { ClientLoads } from './client-loads.ts';
import type { ClientReads } from './client-reads.ts';
import type { ClientSession } from './client-session.ts';
import { ClientStates } from './client-states.ts';
import type { ClientWrites } from './client-writes.ts';

/** Chances of their own, so that they do not change what else a seed decides. */
const CALLS = 0x0ca11;
const EACH = 0x9e3779b1;

/** What a client calls in some runs in place of what it does in all: see `CallShares`. */
export class ClientCalls {
  readonly #session: ClientSession;
  readonly #prng: Prng;
  readonly #functions: ClientFunctions;
  readonly #states: ClientStates;
  readonly #loads: ClientLoads;

  constructor(session: ClientSession, reads: ClientReads, writes: ClientWrites) {
    const { cluster, number } = session.parts;
    const prng = new Prng(cluster.plan.seed ^ CALLS ^ Math.imul(number, EACH));
    this.#session = session;
    this.#prng = prng;
    this.#functions = new ClientFunctions(session, prng, writes);
    this.#states = new ClientStates(session, prng, reads);
    this.#loads = new ClientLoads(session, prng, writes);
  }

  /** Null: the action is done as in all runs. */
  draw(action: Action): (() => Promise<void>) | null {
    const { functions, states, loads } = this.#session.parts.cluster.plan.calls;
    const prng = this.#prng;
    if (isRead(action)) return prng.chance(states) ? () => this.#states.read(action) : null;
    if (action.kind === 'append' && prng.chance(loads)) return () => this.#loads.load(action);
    return prng.chance(functions) ? () => this.#functions.run(action) : null;
  }
}
