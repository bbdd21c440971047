import type { Prng } from '../../src/base/prng.ts';
import type { Member } from '../../test/cluster/member.ts';
import type { Door } from './door.ts';
import { HANDLE_DOORS } from './handle-doors.ts';
import { Clients, clientDoor, requestDoor } from './http-doors.ts';
import type { Call, Step } from './step.ts';

const OVER_HTTP = ['client', 'client, strong', 'request', 'request, strong'] as const;
const ON_THE_HANDLE = Object.keys(HANDLE_DOORS);

/** Each kind of step by each way in which it is done. */
export const WAYS: readonly string[] = [
  'transaction: handle',
  ...[...ON_THE_HANDLE, ...OVER_HTTP].map((way) => `query: ${way}`),
  ...['execute', 'batch'].flatMap((kind) =>
    ['handle', 'client', 'request'].map((way) => `${kind}: ${way}`),
  ),
];

/** Draws the way of each call, and counts them. */
export class Ways {
  readonly counts = new Map<string, number>(WAYS.map((way) => [way, 0]));
  readonly #prng: Prng;
  readonly #clients: Clients;

  constructor(members: readonly Member[], prng: Prng) {
    this.#prng = prng;
    this.#clients = new Clients(members);
  }

  draw(member: Member, kind: Call['kind']): Door {
    if (this.#prng.chance(0.5)) return this.#onTheHandle(member, kind);
    const strong = kind === 'query' && this.#prng.chance(0.5);
    const byClient = this.#prng.chance(0.5);
    this.note(kind, `${byClient ? 'client' : 'request'}${strong ? ', strong' : ''}`);
    return byClient ? clientDoor(this.#clients.of(member), strong) : requestDoor(member, strong);
  }

  #onTheHandle(member: Member, kind: Call['kind']): Door {
    const way = ON_THE_HANDLE[this.#prng.between(0, ON_THE_HANDLE.length - 1)]!;
    this.note(kind, kind === 'query' ? way : 'handle');
    return HANDLE_DOORS[way]!(member);
  }

  note(kind: Step['kind'], way: string): void {
    const name = `${kind}: ${way}`;
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }

  async close(): Promise<void> {
    await this.#clients.close();
  }
}
