import type { Position } from '../../src/api/request.ts';

/** What a client asks of one object. Values of writes and appends are unique within a run. */
export type Action =
  | { readonly kind: 'write'; readonly key: number; readonly value: number }
  | {
      readonly kind: 'cas';
      readonly key: number;
      readonly expected: number;
      readonly value: number;
    }
  | { readonly kind: 'read'; readonly key: number }
  | { readonly kind: 'append'; readonly key: number; readonly value: number }
  | { readonly kind: 'list'; readonly key: number }
  | {
      readonly kind: 'transfer';
      readonly bank: number;
      readonly from: number;
      readonly to: number;
      readonly amount: number;
    }
  | { readonly kind: 'balances'; readonly bank: number };

export type ObjectKind = 'register' | 'list' | 'bank';

/**
 * What the answer says: of a read the value (null: never written), of a list its values from the first
 * to the last, of balances one per account; of a cas and a transfer whether it took effect (if it did
 * not, it was executed all the same and saw that it could not); null of a write and an append.
 */
export type Observed = null | number | boolean | readonly number[];

/**
 * - `ok`: the answer came, and says `observed`; of a transaction that read the object before it wrote (or did not), also
 *   what it was `before`, in the shape of a read's answer.
 * - `rejected`: it surely did not happen, and says nothing about the state.
 * - `unknown`: it may take effect at any time after the call, or never.
 */
export type Outcome =
  | { readonly kind: 'ok'; readonly observed: Observed; readonly before?: Observed }
  | { readonly kind: 'rejected' }
  | { readonly kind: 'unknown' };

export type ReadLevel = 'eventual' | 'bounded' | 'session' | 'strong';

/** The session of another client, as it was at some time: a token of its. */
export interface Taken {
  readonly client: number;
  /** Whatever that client had been answered by then is in it. */
  readonly at: number;
}

/** One action of one client, from its call to its answer. All times of a history are of one clock. */
export interface Operation {
  /** The session: what is called in it comes after what has been answered in it. */
  readonly client: number;
  readonly action: Action;
  readonly called: number;
  /** Null: no answer by the end of the history; the outcome is then `unknown`. */
  readonly returned: number | null;
  readonly outcome: Outcome;
  /** Of a read; null of a write. */
  readonly level: ReadLevel | null;
  /**
   * Of a write, where it was committed (writes of one commit share it); of a read, the state that was
   * read; null when the answer did not say.
   */
  readonly position: Position | null;
  /**
   * Of a write that was acknowledged below a majority, when. Others see it once it has reached one, which
   * may be at any later time, so `returned` is null.
   */
  readonly acknowledged?: number;
  /** Of a read that must see all that another session had. */
  readonly after?: Taken;
  /** Of a read at level bounded. */
  readonly maxLagMs?: number;
  readonly maxLagEntries?: number;
  /** Reads of one process's own copy have the same number: the copy does not go back. */
  readonly copy?: number;
}

export type History = readonly Operation[];

export function isRead(action: Action): boolean {
  return action.kind === 'read' || action.kind === 'list' || action.kind === 'balances';
}

/** The read of the object of a write. */
export function readOf(action: Action): Action {
  if ('bank' in action) return { kind: 'balances', bank: action.bank };
  return { kind: objectKind(action) === 'list' ? 'list' : 'read', key: action.key };
}

/** May have changed something: neither a read, nor rejected, nor seen to change nothing. */
export function mayHaveEffect({ action, outcome }: Operation): boolean {
  if (isRead(action) || outcome.kind === 'rejected') return false;
  return outcome.kind === 'unknown' || outcome.observed !== false;
}

/** When its client was told that it is done; null where it never was. */
export function answeredAt({ acknowledged, returned }: Operation): number | null {
  return acknowledged ?? returned;
}

export function objectKind(action: Action): ObjectKind {
  switch (action.kind) {
    case 'append':
    case 'list':
      return 'list';
    case 'transfer':
    case 'balances':
      return 'bank';
    default:
      return 'register';
  }
}

/** Names the object: histories are linearizable when that of each object is (Herlihy and Wing). */
export function objectOf(action: Action): string {
  const number = 'bank' in action ? action.bank : action.key;
  return `${objectKind(action)} ${number}`;
}
