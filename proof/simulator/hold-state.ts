import type { Transaction } from '../../src/api/database.ts';
import type { PrepareOptions } from '../../src/api/read-options.ts';
import type { ReadStatement, Snapshot } from '../../src/api/reads.ts';
import type { Position, QueryResult, Statement } from '../../src/api/request.ts';
import type { SqlValue } from '../../src/api/value.ts';
import { PacelineError } from '../../src/base/errors.ts';
import type { Prng } from '../../src/base/prng.ts';
import type { EntryId } from '../../src/raft/entry.ts';
import { type Holding, optionsOf } from './holding.ts';
import type { MemberProcess } from './member.ts';
import { Violation } from './violation.ts';

type Asked = Statement & { readonly args: readonly SqlValue[] };

export interface Rows {
  readonly rows: QueryResult['rows'];
  /** Of the state that they were read from; null where that is not known, as of no rows. */
  readonly at: EntryId | null;
}

export type Look = (statement: Asked) => Promise<Rows>;

export interface Work {
  /** Is called with a way to read when the state is there. */
  readonly work: (look: Look) => Promise<void>;
  /** Between two rows. */
  readonly think: () => Promise<void>;
}

/** Between the first so many rows time passes. */
const SLOW_ROWS = 5;
/** Is left before its last row with this probability. */
const LEFT_EARLY = 0.2;

/** Has a member hold a state in one of the ways that there are. Returns what it says of its position, if it does. */
export async function holdState(
  member: MemberProcess,
  holding: Holding,
  prng: Prng,
  { work, think }: Work,
): Promise<Position | null> {
  const { handle } = member;
  const { kind, lifetimeMs, retries } = holding;
  const options = optionsOf(holding);
  switch (kind) {
    case 'thread':
      await work(({ sql, args }) => handle.query(sql, args, options).then(placed(member)));
      return null;
    case 'row by row':
      await work(({ sql, args }) => {
        const statement = handle.prepare(sql, options as PrepareOptions).raw();
        return rowByRow(member, statement, args, prng, think);
      });
      return null;
    case 'read transaction':
      return readTransaction(member, holding, work);
    case 'read function':
      await handle.transaction((transaction) => work(lookIn(member, transaction)), {
        ...{ ...options, mode: 'read', lifetimeMs, retries },
      });
      return null;
    default:
      await snapshot(member, holding, prng, { work, think });
      return null;
  }
}

async function snapshot(
  member: MemberProcess,
  holding: Holding,
  prng: Prng,
  { work, think }: Work,
): Promise<void> {
  const kept: { snapshot: Snapshot | null } = { snapshot: null };
  const inPlace = holding.kind === 'snapshot in place';
  await member.handle.snapshot((state) => {
    kept.snapshot = state;
    if (!inPlace) return work(lookIn(member, state));
    return work(({ sql, args }) => rowByRow(member, state.prepare(sql).raw(), args, prng, think));
  }, optionsOf(holding));
  await mustHaveEnded(kept.snapshot!);
}

/** A snapshot lasts as long as the function that it was given to. */
async function mustHaveEnded(snapshot: Snapshot): Promise<void> {
  const ended = await snapshot.query('SELECT 1').then(
    () => false,
    (error: unknown) => error instanceof PacelineError && error.code === 'SNAPSHOT_ENDED',
  );
  if (!ended) throw new Violation('I6 one state', 'a snapshot is read after its end');
}

async function readTransaction(
  member: MemberProcess,
  holding: Holding,
  work: Work['work'],
): Promise<Position> {
  const { lifetimeMs } = holding;
  const options = { ...optionsOf(holding), lifetimeMs };
  const transaction = await member.handle.transaction('read', options);
  try {
    await work(lookIn(member, transaction));
    return (await transaction.commit()).position;
  } finally {
    await transaction.close();
  }
}

function lookIn(member: MemberProcess, state: Pick<Transaction | Snapshot, 'query'>): Look {
  return ({ sql, args }) => state.query(sql, args).then(placed(member));
}

function placed({ home }: MemberProcess): (result: QueryResult) => Rows {
  return ({ rows }) => ({ rows, at: home.positionOf(rows) ?? null });
}

/** All rows, or the first ones of them: then there is nothing to be said about them. */
async function rowByRow(
  { home, id }: MemberProcess,
  statement: ReadStatement<SqlValue[]>,
  args: readonly SqlValue[],
  prng: Prng,
  think: () => Promise<void>,
): Promise<Rows> {
  const rows: SqlValue[][] = [];
  const left = prng.chance(LEFT_EARLY);
  let at: EntryId | null = null;
  for (const row of statement.iterate(...args)) {
    const here = home.lastReadAt;
    at ??= here;
    if (at.index !== here.index || at.term !== here.term) throw moved(id, at, here);
    rows.push(row);
    if (left) throw new LeftEarly();
    if (rows.length <= SLOW_ROWS) await think();
  }
  return { rows, at };
}

/** The rest of the rows is not wanted. */
export class LeftEarly extends Error {}

function moved(id: string, at: EntryId, here: EntryId): Violation {
  const what = `${id} began with the rows at ${at.term}.${at.index}, and goes on with those at ${here.term}.${here.index}`;
  return new Violation('I6 one state', what);
}
