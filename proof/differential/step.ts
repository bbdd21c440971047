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

/** One call of a member's handle. */
export interface Step {
  /** What it exercises: the key of the coverage count. */
  readonly feature: string;
  readonly kind: 'execute' | 'batch' | 'query';
  readonly statements: readonly DifferentialStatement[];
  readonly expect: Expectation;
  /** Rows may come in any order: nothing in the statement says in which. */
  readonly anyOrder: boolean;
}

/** INSERT and REPLACE set the rowid; what WITH precedes has to be told by its maker. */
export function effectOf(sql: string): Effect {
  if (/^\s*(INSERT|REPLACE)\b/i.test(sql)) return 'insert';
  return /^\s*(UPDATE|DELETE)\b/i.test(sql) ? 'change' : 'none';
}

export function statement(sql: string, args?: SqlArgs): DifferentialStatement {
  const effect = effectOf(sql);
  return args === undefined ? { sql, effect } : { sql, args, effect };
}

type StepOptions = Partial<Pick<Step, 'expect' | 'anyOrder'>>;

/** A step without its feature's name, which the generator adds. */
export type Draft = Omit<Step, 'feature'>;

function draft(
  kind: Step['kind'],
  statements: readonly DifferentialStatement[],
  options: StepOptions,
): Draft {
  return { kind, statements, expect: 'same', anyOrder: false, ...options };
}

export function execute(sql: string, args?: SqlArgs, options: StepOptions = {}): Draft {
  return draft('execute', [statement(sql, args)], options);
}

export function query(sql: string, args?: SqlArgs, options: StepOptions = {}): Draft {
  return draft('query', [statement(sql, args)], options);
}

export function batch(
  statements: readonly (DifferentialStatement | string)[],
  options: StepOptions = {},
): Draft {
  const all = statements.map((one) => (typeof one === 'string' ? statement(one) : one));
  return draft('batch', all, options);
}

export function describeStep({ feature, kind, statements }: Step): string {
  const texts = statements.map(({ sql, args }) => {
    const text = sql.length > 1500 ? `${sql.slice(0, 1500)}… (${sql.length} characters)` : sql;
    return args === undefined ? text : `${text}  -- ${describeArgs(args)}`;
  });
  return `${kind} [${feature}]\n    ${texts.join('\n    ')}`;
}

function describeArgs(args: SqlArgs): string {
  const text = JSON.stringify(args, (_key, value: unknown) => {
    if (typeof value === 'bigint') return `${value}n`;
    if (value instanceof Uint8Array) return `blob of ${value.length}`;
    return value;
  });
  return text.length > 600 ? `${text.slice(0, 600)}…` : text;
}
