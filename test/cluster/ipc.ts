import type { SqliteDetail } from '../../src/base/errors.ts';

/** What a member process and the test that started it say to each other. */
export interface Call {
  readonly key: number;
  readonly name: string;
  readonly args: readonly unknown[];
}

/** A PacelineError, or with `code` null what should never come out of a call. */
export interface CallError {
  readonly code: string | null;
  readonly message: string;
  readonly sqlite?: SqliteDetail;
  readonly requestId?: string;
  readonly statementIndex?: number;
}

export interface LogLine {
  readonly type: 'log';
  readonly level: string;
  readonly fields: object;
  readonly message: string;
}

export type FromChild =
  | { readonly type: 'open' }
  | { readonly type: 'failed'; readonly error: CallError }
  | { readonly type: 'result'; readonly key: number; readonly result: unknown }
  | { readonly type: 'error'; readonly key: number; readonly error: CallError }
  | LogLine;
