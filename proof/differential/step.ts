import type { SqlArgs } from '../../src/api/value.ts';
import type { ErrorCode } from '../../src/base/errors.ts';

/** What the statement itself does to rows; tells which of SQLite's counters mean something after it. */
export type Effect = 'insert' | 'change' | 'none';

export interface DifferentialStatement {
  readonly sql: string;
  readonly args?: SqlArgs;
  readonly effect: Effect;
}

/**
 * - `same`: rows, counters, error code and SQLite's words are those of plain SQLite;
 * - `types`: values are made of chance or of the clock, so only their types are;
 * - a code: Paceline refuses this by design (docs/limits.md), and does nothing.
 */
export type Expectation = 'same' | 'types' | { readonly refused: ErrorCode };

/** One call of a member's handle, or of one of its transactions. */
export interface Call {
  readonly kind: 'execute' | 'batch' | 'query';
  readonly statements: readonly DifferentialStatement[];
}

/** Calls in an interactive transaction. It goes on after a call that failed, unless SQLite itself has rolled it back. */
export interface TransactionCalls {
  readonly kind: 'transaction';
  readonly calls: readonly Call[];
  readonly ends: 'commit' | 'roll back';
}

interface Terms {
  readonly expect: Expectation;
  /** Rows may come in any order: nothing in the statement says in which. */
  readonly anyOrder: boolean;
}

/** What a feature makes; the generator adds the feature's name. */
export type Draft = (Call | TransactionCalls) & Terms;

export type Step = Draft & {
  /** What it exercises: the key of the coverage count. */
  readonly feature: string;
};

/** What the statement, or what WITH precedes, does. INSERT and REPLACE set the rowid. */
export function effectOf(sql: string): Effect {
  const verb = /^\s*(?:WITH\b.*?\)\s*)?(INSERT|REPLACE|UPDATE|DELETE)\b/is.exec(sql)?.[1];
  if (verb === undefined) return 'none';
  return /^(INSERT|REPLACE)$/i.test(verb) ? 'insert' : 'change';
}

export function statement(sql: string, args?: SqlArgs): DifferentialStatement {
  const effect = effectOf(sql);
  return args === undefined ? { sql, effect } : { sql, args, effect };
}

/** A draft of one call. */
export type CallDraft = Call & Terms;

function draft(
  kind: Call['kind'],
  statements: readonly DifferentialStatement[],
  terms: Partial<Terms>,
): CallDraft {
  return { kind, statements, expect: 'same', anyOrder: false, ...terms };
}

export function execute(sql: string, args?: SqlArgs, options: Partial<Terms> = {}): CallDraft {
  return draft('execute', [statement(sql, args)], options);
}

export function query(sql: string, args?: SqlArgs, options: Partial<Terms> = {}): CallDraft {
  return draft('query', [statement(sql, args)], options);
}

export function batch(
  statements: readonly (DifferentialStatement | string)[],
  options: Partial<Terms> = {},
): CallDraft {
  const all = statements.map((one) => (typeof one === 'string' ? statement(one) : one));
  return draft('batch', all, options);
}

/** Calls in one interactive transaction; a text is an `execute`. */
export function transaction(
  calls: readonly (Call | string)[],
  ends: TransactionCalls['ends'] = 'commit',
  terms: Partial<Terms> = {},
): Draft {
  const all = calls.map((one) => (typeof one === 'string' ? execute(one) : one));
  return { kind: 'transaction', calls: all, ends, expect: 'same', anyOrder: false, ...terms };
}

/** Whether the text is about a savepoint of a transaction. */
export function isSavepoint(sql: string): boolean {
  return /^(SAVEPOINT|RELEASE|ROLLBACK TO)\b/.test(sql);
}

export function describeStep(step: Step): string {
  if (step.kind !== 'transaction') return `${step.kind} [${step.feature}]${describeCall(step)}`;
  const calls = step.calls.map((call) => `\n    ${call.kind}${describeCall(call)}`);
  return `transaction [${step.feature}]${calls.join('')}\n    ${step.ends}`;
}

function describeCall({ statements }: Call): string {
  const texts = statements.map(({ sql, args }) => {
    const text = sql.length > 1500 ? `${sql.slice(0, 1500)}… (${sql.length} characters)` : sql;
    return args === undefined ? text : `${text}  -- ${describeArgs(args)}`;
  });
  return texts.map((text) => `\n    ${text}`).join('');
}

function describeArgs(args: SqlArgs): string {
  const text = JSON.stringify(args, (_key, value: unknown) => {
    if (typeof value === 'bigint') return `${value}n`;
    if (value instanceof Uint8Array) return `blob of ${value.length}`;
    return value;
  });
  return text.length > 600 ? `${text.slice(0, 600)}…` : text;
}
