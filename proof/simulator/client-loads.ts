import type { LoadProgress } from '../../src/api/load.ts';
import type { Position, WriteOptions } from '../../src/api/request.ts';
import type { SqlArgs } from '../../src/api/value.ts';
import type { Prng } from '../../src/base/prng.ts';
import type { Action } from '../history/operation.ts';
import type { Pending } from '../history/recorder.ts';
import { type Answer, answer, answerOfError } from '../workload/perform.ts';
import { SQL } from '../workload/statements.ts';
import { type ClientSession, NOT_DONE, UNKNOWN } from './client-session.ts';
import type { ClientWrites } from './client-writes.ts';
import type { MemberProcess } from './member.ts';
import { require } from './violation.ts';
import { drawDurability, mayBeDiscarded } from './writing.ts';

type Append = Extract<Action, { readonly kind: 'append' }>;

const ITEMS_MAX = 12;
const CHUNKS = [1, 2, 3, 5];
const AT_A_LEVEL = 0.2;
/** The source of the items takes its time, or fails. */
const SLOW = 0.3;
const SLOW_MS_MAX = 50;
const FAILS = 0.1;
/** How often a load with an id is called again after it has ended early. */
const AGAIN_MAX = 3;
const AGAIN_MS = 200;

/** The source's own error. */
class SourceFailed extends Error {}

interface Item {
  readonly action: Append;
  pending: Pending | null;
  /** Where it is, once that was told. */
  position: Position | null;
}

interface Load {
  readonly items: readonly Item[];
  readonly chunkItems: number;
  readonly options: WriteOptions;
  readonly slow: boolean;
  /** The source fails before this item. */
  readonly failsAt: number;
  /** Items in chunks whose outcome was unknown at some time. */
  maybe: number;
}

/** How one client loads many items, and what it is told while that goes on: each is an append of its own in the history. */
export class ClientLoads {
  readonly #session: ClientSession;
  readonly #prng: Prng;
  readonly #writes: ClientWrites;
  #nextId = 1;

  constructor(session: ClientSession, prng: Prng, writes: ClientWrites) {
    this.#session = session;
    this.#prng = prng;
    this.#writes = writes;
  }

  async load(first: Append): Promise<void> {
    const { cluster } = this.#session.parts;
    const load = this.#draw(first);
    const { items, chunkItems, options } = load;
    cluster.calls.did('load');
    for (let i = 0; i < items.length; i += chunkItems)
      cluster.loads.chunk(
        first,
        items.slice(i, i + chunkItems).map(({ action }) => action.value),
      );
    for (let times = 0; times <= AGAIN_MAX; times++) {
      if (times > 0) await cluster.sleep(AGAIN_MS);
      const done = await this.#once(load);
      if (done || options.id === undefined) break;
    }
    this.#settle(load);
  }

  #draw(first: Append): Load {
    const { cluster, workload, number } = this.#session.parts;
    const { plan, ids } = cluster;
    const prng = this.#prng;
    const one = <T>(of: readonly T[]): T => of[prng.between(0, of.length - 1)]!;
    const count = prng.between(1, ITEMS_MAX);
    const items = Array.from({ length: count }, (_, i): Item => {
      const action = (i === 0 ? first : workload.again(first)) as Append;
      return { action, pending: null, position: null };
    });
    const options = {
      ...(prng.chance(plan.named) ? { id: `l${number}-${this.#nextId++}` } : {}),
      ...(prng.chance(AT_A_LEVEL) ? drawDurability(prng, ids) : {}),
    };
    const failsAt = prng.chance(FAILS) ? prng.between(0, count - 1) : count;
    return { items, options, chunkItems: one(CHUNKS), slow: prng.chance(SLOW), failsAt, maybe: 0 };
  }

  /** Whether it is over: all is loaded, or the source fails. */
  async #once(load: Load): Promise<boolean> {
    const { cluster } = this.#session.parts;
    const member = this.#session.choose();
    if (member === null) return false;
    const given = await this.#session.unlessDead(member, this.#call(member, load), UNKNOWN);
    if (given === 'done' || given === 'source failed') {
      this.#session.saw(member);
      return true;
    }
    cluster.calls.did('load ended early');
    this.#session.leave();
    if (given.outcome.kind === 'unknown')
      load.maybe = Math.max(load.maybe, told(load) + load.chunkItems);
    return false;
  }

  async #call(member: MemberProcess, load: Load): Promise<'done' | 'source failed' | Answer> {
    const { cluster } = this.#session.parts;
    const { items, chunkItems, options } = load;
    const so = { items: 0, chunks: 0 };
    const onProgress = (progress: LoadProgress) => {
      if (!member.alive) return;
      cluster.check(() => this.#progressed(member, load, so, progress));
      Object.assign(so, progress);
    };
    try {
      const source = this.#source(load, so);
      const end = await member.handle.load(SQL.append, source, {
        ...{ ...options, chunkItems, onProgress },
      });
      const whole = end.items === items.length && end.chunks === so.chunks;
      cluster.check(() =>
        require(whole && so.items === items.length, 'load', () => {
          return `of ${items.length} items ${end.items} are said to be loaded, and ${so.items} were told of`;
        }),
      );
      return 'done';
    } catch (error) {
      if (error instanceof SourceFailed) return 'source failed';
      return answerOfError(load.items[0]!.action, error);
    }
  }

  /** Items are taken when all before them, in whole chunks, were told of. */
  async *#source(load: Load, so: { readonly items: number }): AsyncGenerator<SqlArgs> {
    const { cluster } = this.#session.parts;
    for (const [i, item] of load.items.entries()) {
      cluster.check(() =>
        require(i < so.items + load.chunkItems, 'load', () => {
          return `item ${i} was taken when ${so.items} were committed`;
        }),
      );
      if (load.slow) await cluster.sleep(this.#prng.between(0, SLOW_MS_MAX));
      if (i === load.failsAt) throw new SourceFailed();
      item.pending ??= this.#session.called(item.action, null);
      yield [item.action.key, item.action.value];
    }
  }

  #progressed(
    member: MemberProcess,
    { items, options, chunkItems }: Load,
    so: { readonly items: number; readonly chunks: number },
    { items: now, chunks, position }: LoadProgress,
  ): void {
    const { cluster } = this.#session.parts;
    const { plan, writePromises } = cluster;
    const fits = chunks === so.chunks + 1 && now > so.items && now <= so.items + chunkItems;
    require(fits && position !== null, 'load', () => {
      return `after ${so.items} items in ${so.chunks} chunks ${now} in ${chunks} are told of`;
    });
    const durability = options.durability ?? plan.options.durability;
    const committed = !mayBeDiscarded(durability, plan);
    const reached = { committed, members: null };
    const given = answer(items[0]!.action, [], { position: position!, reached });
    this.#writes.acknowledged(member, given, options.durability);
    for (const item of items.slice(so.items, now)) {
      if (item.position !== null && committed)
        writePromises.outcomeOf(item.position, {
          ...{ state: 'committed', results: [], reached, position: position! },
        });
      item.position = position;
    }
  }

  /** What there is to be said of each item in the end. */
  #settle(load: Load): void {
    const { cluster } = this.#session.parts;
    const { plan, writePromises } = cluster;
    const { items, options, chunkItems } = load;
    const durability = options.durability ?? plan.options.durability;
    const how = `load, ${chunkItems} at a time, ${options.id ?? 'unnamed'}, durability ${durability}`;
    for (const [i, { pending, position, action }] of items.entries()) {
      if (pending === null) continue;
      const given = answer(action, [], position === null ? {} : { position });
      if (position === null)
        this.#session.answered(pending, i < load.maybe ? UNKNOWN : NOT_DONE, how);
      else if (!mayBeDiscarded(durability, plan)) this.#session.answered(pending, given, how);
      else {
        const operation = this.#session.answered(pending, UNKNOWN, `${how}, so far`);
        writePromises.provisional(position, given.outcome, operation, i % chunkItems > 0);
      }
    }
  }
}

/** How many of the first items are known to be there. */
function told({ items }: Load): number {
  const missing = items.findIndex(({ position }) => position === null);
  return missing < 0 ? items.length : missing;
}
