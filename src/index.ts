export type { CancelSignal } from './api/cancel-signal.ts';
export type { Database, LocalDatabase, SessionDatabase } from './api/database.ts';
export type { PrepareOptions, ReadLevel, ReadOptions } from './api/read-options.ts';
export type { BindArguments, ColumnInfo, ReadStatement, Row, Snapshot } from './api/reads.ts';
export type {
  BatchResult,
  ExecuteResult,
  Position,
  QueryResult,
  Statement,
  StatementResult,
  WriteOptions,
} from './api/request.ts';
export type { Role } from './api/role.ts';
export type { MemberStatus, Status } from './api/status.ts';
export type { SqlArgs, SqlValue } from './api/value.ts';
export { ERROR_CODES, type ErrorCategory, type ErrorCode, PacelineError } from './base/errors.ts';
export { open } from './member/open.ts';
export type { OpenOptions } from './member/options.ts';
