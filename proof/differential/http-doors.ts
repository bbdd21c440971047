import { encodeToken } from '../../src/api/token.ts';
import { createClient } from '../../src/client/client.ts';
import type { Member } from '../../test/cluster/member.ts';
import { asRead, type Door, named, plain } from './door.ts';
import { post, resultOf, rowsOf, statementBody } from './plain-http.ts';

/** Clients of the product's own, one for each member that they ask first; they go on to the others when that one does not answer. */
export class Clients {
  readonly #members: readonly Member[];
  readonly #known = new Map<Member, ReturnType<typeof createClient>>();

  constructor(members: readonly Member[]) {
    this.#members = members;
  }

  of(member: Member): ReturnType<typeof createClient> {
    const others = this.#members.filter((other) => other !== member);
    const client =
      this.#known.get(member) ?? createClient([member, ...others].map(({ url }) => url));
    this.#known.set(member, client);
    return client;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#known.values()].map((client) => client.close()));
  }
}

/** By the client: what it reads has what it was told to see, or all that is committed. */
export function clientDoor(client: ReturnType<typeof createClient>, strong: boolean): Door {
  return {
    execute: async ({ sql, args }, id) => {
      const { position, ...result } = await client.execute(sql, args, named(id));
      return { results: [result], position };
    },
    batch: (all, id) => client.batch(all.map(plain), named(id)),
    query: async ({ sql, args }, after) => {
      const sees = strong ? ({ level: 'strong' } as const) : { after: encodeToken(after) };
      const { columns, rows } = await client.query(sql, args, sees);
      return asRead(columns, rows);
    },
  };
}

/** By one request, made after docs/http.md. */
export function requestDoor({ url }: Member, strong: boolean): Door {
  return {
    execute: async (one, id) => {
      const answer = await post(url, '/execute', { ...statementBody(one), ...named(id) });
      return { results: [resultOf(answer)], position: answer.position };
    },
    batch: async (all, id) => {
      const statements = all.map(statementBody);
      const { results, position } = await post(url, '/batch', { statements, ...named(id) });
      return { results: results.map(resultOf), position };
    },
    query: async (one, after) => {
      const sees = strong ? { level: 'strong' } : { after: encodeToken(after) };
      const { columns, rows } = await post(url, '/query', { ...statementBody(one), ...sees });
      return asRead(columns, rowsOf(rows));
    },
  };
}
