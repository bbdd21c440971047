import { type Durability, mayBeLost, type Reached } from '../../src/api/durability.ts';
import { describeOperation } from '../history/describe.ts';
import { isRead, type Operation } from '../history/operation.ts';
import type { Fate, ReadStyle, SaidError, WriteStyle } from './ipc.ts';

/** An operation with all that its client was told. */
export interface Told extends Operation {
  /** Of a write with one. */
  readonly id: string | null;
  readonly durability: Durability | null;
  /** The same of a write that said nothing: several, where the members that may have taken it differ. */
  readonly mayHaveAsked: readonly Durability[];
  readonly style: ReadStyle | WriteStyle;
  readonly reached: Reached | null;
  readonly error: SaidError | null;
  /** Done by an application: its session is that of a handle, which others write through, too. */
  readonly ofHandle: boolean;
}

/** What the operations come to when the fate of each write is known. */
export interface Settled {
  readonly history: readonly Operation[];
  /** Acknowledged below a majority, and discarded. */
  readonly lost: readonly Told[];
  readonly violations: readonly string[];
}

/** Whether a write was acknowledged, but not so that no failover can discard it. */
export function isWeak({ action, outcome, durability, reached }: Told, members: number): boolean {
  if (isRead(action) || outcome.kind !== 'ok') return false;
  if (reached === null) return durability !== null && mayBeLost(durability, members);
  return !reached.committed && (reached.members?.length ?? 0) <= members / 2;
}

/**
 * Compares what clients were told with the fates of their writes, and makes of both a history that can be
 * judged: a write acknowledged below a majority may take effect at any later time, or never.
 */
export function settle(
  told: readonly Told[],
  fates: ReadonlyMap<string, Fate>,
  members: number,
): Settled {
  const history: Operation[] = [];
  const discarded: Told[] = [];
  const violations: string[] = [];
  for (const one of told) {
    const fate = one.id === null ? undefined : fates.get(one.id);
    if (isRead(one.action) || fate === undefined) history.push(one);
    else {
      const wrong = contradiction(one, fate, members);
      if (wrong !== null) violations.push(`${wrong}\n  ${describeOperation(one)}`);
      history.push(settled(one, fate, members));
      if (isWeak(one, members) && !isSame(one, fate)) discarded.push(one);
    }
    const less = promisedLess(one, members);
    if (less !== null) violations.push(`I4: ${less}\n  ${describeOperation(one)}`);
  }
  // What changed nothing has a place in the log, and so in its session, all the same.
  const lost = discarded.filter(
    ({ outcome }) => outcome.kind === 'ok' && outcome.observed !== false,
  );
  return { history, lost, violations: [...violations, ...strangeLosses(told, discarded)] };
}

function settled(one: Told, fate: Fate, members: number): Operation {
  const never: Operation = { ...one, outcome: { kind: 'rejected' }, position: null };
  if (one.outcome.kind === 'rejected') return one;
  if (one.outcome.kind === 'ok' && !isWeak(one, members)) return one;
  if (fate.state !== 'committed') return never;
  const { observed, position } = fate;
  if (one.outcome.kind === 'ok') {
    // It saw a state that need not have been committed.
    if (one.outcome.observed === false) return never;
    const kept = isSame(one, fate) && one.returned !== null;
    const told = kept ? { acknowledged: one.returned } : {};
    return { ...one, position, returned: null, ...told };
  }
  return { ...one, outcome: { kind: 'ok', observed }, position, returned: null };
}

/** Whether it is where its receipt said. */
function isSame({ position }: Told, fate: Fate): boolean {
  if (fate.state !== 'committed') return false;
  if (position === null) return true;
  return fate.position.term === position.term && fate.position.index === position.index;
}

/** What a write's answer and its fate cannot both be; null if they can. */
function contradiction(one: Told, fate: Fate, members: number): string | null {
  const { outcome } = one;
  if (outcome.kind === 'rejected')
    return fate.state === 'committed'
      ? 'I10: outcome(id) says that a rejected write is there'
      : null;
  if (outcome.kind !== 'ok' || outcome.observed === false || isWeak(one, members)) return null;
  if (fate.state !== 'committed')
    return `I4: of an acknowledged write outcome(id) says ${fate.state}`;
  return isSame(one, fate)
    ? null
    : `I9: outcome(id) tells another position: ${fate.position.term}.${fate.position.index}`;
}

/** A receipt says at least what was asked for. */
function promisedLess(one: Told, members: number): string | null {
  const { action, outcome, reached, mayHaveAsked, error } = one;
  if (isRead(action) || outcome.kind !== 'ok' || outcome.observed === false || reached === null)
    return null;
  // It was not acknowledged, but found out: what was asked for is another matter.
  if (error !== null) return null;
  if (mayHaveAsked.some((asked) => isReached(asked, reached, members))) return null;
  return `asked for ${mayHaveAsked.join(' or ')}, acknowledged with ${JSON.stringify(reached)}`;
}

function isReached(asked: Durability, reached: Reached, members: number): boolean {
  const have = reached.members ?? [];
  if (asked === 'quorum') return reached.committed;
  if (asked === 'local') return have.length > 0;
  if (asked === 'all') return have.length === members;
  if (typeof asked === 'number') return have.length >= asked;
  return asked.every((id) => have.includes(id));
}

/** Only who has been acknowledged a write that was discarded, or was given his token, can be told so. */
function strangeLosses(told: readonly Told[], discarded: readonly Told[]): string[] {
  const handles = new Set(told.flatMap(({ client, ofHandle }) => (ofHandle ? [client] : [])));
  return told.flatMap((one) => {
    if (one.error?.code !== 'POSITION_LOST') return [];
    // A read in a transaction has no level of its own here: it takes the one of its handle, session.
    const inSession = one.level === 'session' || one.style === 'transaction';
    const own = inSession ? [one.client] : [];
    const sessions = one.after === undefined ? own : [...own, one.after.client];
    const anybody = sessions.some((client) => handles.has(client));
    const explained = discarded.some(
      ({ client, called }) => called <= one.called && (anybody || sessions.includes(client)),
    );
    if (explained) return [];
    return [`POSITION_LOST, but no write was lost to that session\n  ${describeOperation(one)}`];
  });
}
