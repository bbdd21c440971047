import { setTimeout as delay } from 'node:timers/promises';
import type { Position } from '../../src/api/request.ts';
import { encodeToken } from '../../src/api/token.ts';
import { assert } from '../../src/base/assert.ts';
import type { Member } from '../../test/cluster/member.ts';
import { asRead, type Door, named, plain } from './door.ts';

const PAUSE_MS = 2;
/** Far above any election. */
const PATIENCE_MS = 60_000;

/** Every way in which an application reads on its handle: the answers are to be the same. */
const QUERIES: Readonly<Record<string, (member: Member) => Door['query']>> = {
  session: (member) => async (one, after) => {
    const { sql, args } = one;
    const { columns, rows } = await member.query(sql, args, { after: encodeToken(after) });
    return asRead(columns, rows);
  },
  strong: (member) => async (one) => {
    const { sql, args } = one;
    const { columns, rows } = await member.query(sql, args, { level: 'strong' });
    return asRead(columns, rows);
  },
  worker: (member) => async (one, after) => {
    await caughtUp(member, after);
    const { columns, rows } = await member.query(one.sql, one.args, { worker: true });
    return asRead(columns, rows);
  },
  'in place': (member) => async (one, after) => {
    await caughtUp(member, after);
    return asRead(null, await member.all(one.sql, one.args));
  },
  'read transaction': (member) => async (one, after) => {
    await caughtUp(member, after);
    const open = await member.begin('read');
    try {
      const { columns, rows } = await open.query(one.sql, one.args);
      return asRead(columns, rows);
    } finally {
      await open.rollback();
    }
  },
};

/** Doors to the handle of a member, by how they read. */
export const HANDLE_DOORS: Readonly<Record<string, (member: Member) => Door>> = Object.fromEntries(
  Object.entries(QUERIES).map(([name, query]) => [
    name,
    (member) => ({ ...writesOf(member), query: query(member) }),
  ]),
);

function writesOf(member: Member): Pick<Door, 'execute' | 'batch'> {
  return {
    execute: async ({ sql, args }, id) => {
      const { position, ...result } = await member.execute(sql, args, named(id));
      return { results: [result], position };
    },
    batch: (all, id) => member.batch(all.map(plain), named(id)),
  };
}

/** A read of a member's own copy sees what was committed before, once the member has applied it. */
async function caughtUp(member: Member, { index }: Position): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while ((await member.status()).appliedIndex < index) {
    assert(performance.now() < deadline, `${member.id} did not apply ${index} in time`);
    await delay(PAUSE_MS);
  }
}
