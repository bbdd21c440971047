import type { Position, StatementResult } from '../../src/api/request.ts';
import type { StepResult } from './outcome.ts';
import type { DifferentialStatement } from './step.ts';

export interface Written {
  readonly results: readonly StatementResult[];
  readonly position: Position;
}

/** A way into a cluster, through one member at first. */
export interface Door {
  /** Under this request id; null: without one. */
  execute(one: DifferentialStatement, id: string | null): Promise<Written>;
  batch(all: readonly DifferentialStatement[], id: string | null): Promise<Written>;
  /** Sees at least what is committed at `after`. */
  query(one: DifferentialStatement, after: Position): Promise<StepResult>;
}

export function asRead(columns: StepResult['columns'], rows: StepResult['rows']): StepResult {
  return { columns, rows, changes: 0, lastInsertRowid: 0 };
}

export function plain({ sql, args }: DifferentialStatement) {
  return args === undefined ? { sql } : { sql, args };
}

export function named(id: string | null): { readonly id?: string } {
  return id === null ? {} : { id };
}
