import { ERROR_CODES, type ErrorCode, PacelineError } from '../base/errors.ts';

/** An error as the body of an HTTP answer. */
export function errorToJson(error: PacelineError): object {
  const { code, category, message, sqlite, statementIndex } = error;
  return {
    ...{ code, category, message },
    ...(sqlite === undefined ? {} : { sqlite }),
    ...(statementIndex === undefined ? {} : { statementIndex }),
  };
}

/** The error that `json` describes; null when it is not one of Paceline's. */
export function errorFromJson(json: unknown): PacelineError | null {
  if (typeof json !== 'object' || json === null) return null;
  const { code, message, sqlite, statementIndex } = json as Record<string, unknown>;
  if (typeof code !== 'string' || typeof message !== 'string') return null;
  if (!Object.hasOwn(ERROR_CODES, code)) return null;
  const detail = sqliteDetail(sqlite);
  return new PacelineError(code as ErrorCode, message, {
    ...(detail === null ? {} : { sqlite: detail }),
    ...(Number.isSafeInteger(statementIndex) ? { statementIndex: statementIndex as number } : {}),
  });
}

function sqliteDetail(json: unknown): { code: string; errcode: number } | null {
  if (typeof json !== 'object' || json === null) return null;
  const { code, errcode } = json as Record<string, unknown>;
  return typeof code === 'string' && typeof errcode === 'number' ? { code, errcode } : null;
}
