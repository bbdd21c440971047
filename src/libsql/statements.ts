import type { Statement } from '../api/request.ts';
import { isBlankSql, splitStatements } from '../api/split-statements.ts';
import { firstKeyword, withoutLeadingBlanks } from '../api/sql-text.ts';
import type { SqlArgs, SqlValue } from '../api/value.ts';
import type { InArgs, InStatement, InValue } from './shapes.ts';

/** A statement in any of the forms that libSQL's client takes. What is wrong with it, Paceline says when it runs. */
export function toStatement(
  statement: InStatement | readonly [string, InArgs?],
  args?: InArgs,
): Statement {
  if (typeof statement === 'string') return withArgs(statement, args);
  if ('sql' in statement) return withArgs(statement.sql, statement.args);
  return withArgs(statement[0], statement[1]);
}

function withArgs(sql: string, args: InArgs | undefined): Statement {
  return args === undefined ? { sql } : { sql, args: toArgs(args) };
}

function toArgs(args: InArgs): SqlArgs {
  if (Array.isArray(args)) return args.map(toSqlValue);
  return Object.fromEntries(
    Object.entries(args).map(([name, value]) => [name.replace(PREFIX, ''), toSqlValue(value)]),
  );
}

/** libSQL takes a name with whatever prefix, not only the one that it has in the statement. */
const PREFIX = /^[:@$]/;

function toSqlValue(value: InValue): SqlValue {
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (value instanceof Date) return value.valueOf();
  return value instanceof ArrayBuffer ? new Uint8Array(value) : value;
}

const READING = new Set(['SELECT', 'VALUES', 'WITH', 'EXPLAIN', 'PRAGMA']);

/** Whether it is worth asking this member's copy first, which refuses what does write after all. */
export function mayRead({ sql }: Statement): boolean {
  return typeof sql === 'string' && READING.has(firstKeyword(sql));
}

/** The statements of a text with semicolons, each from its first keyword on. */
export function statementsOf(sql: string): string[] {
  const { statements, rest } = splitStatements(sql);
  const all = isBlankSql(rest) ? statements : [...statements, rest.trim()];
  return all.map(withoutLeadingBlanks);
}
