import { messageOf, PacelineError } from '../base/errors.ts';
import { isOurs, type StatementGuard } from './authorizer.ts';
import type { Connection } from './binding.ts';

/** A table or a trigger, as the schema has it. */
interface Definition {
  readonly type: 'table' | 'trigger';
  readonly name: string;
  /** That a trigger belongs to. */
  readonly tbl_name: string;
  readonly names_ours: number;
}

/** What SQLite says of a view for an event that no INSTEAD OF trigger stands for. */
const IS_A_VIEW = /because it is a view/;

/**
 * Throws STATEMENT_FORBIDDEN if one of these tables or triggers, or any at all, has SQLite do what a client may not: a
 * trigger that would, whose body SQLite looks at when it is fired; a foreign key on Paceline's tables, which
 * would have a say in what Paceline does to them.
 */
export function checkDefinitions(
  connection: Connection,
  guard: StatementGuard,
  names: readonly string[] | 'all',
): void {
  if (names.length === 0) return;
  for (const definition of definitionsOf(connection, guard, names))
    if (definition.type === 'table') checkKeys(connection, guard, definition);
    else checkTrigger(connection, guard, definition);
}

function definitionsOf(
  connection: Connection,
  guard: StatementGuard,
  names: readonly string[] | 'all',
): Definition[] {
  const where =
    names === 'all' ? '' : `AND name COLLATE NOCASE IN (${names.map(() => '?').join(', ')})`;
  const sql = `SELECT type, name, tbl_name, sql LIKE '%\\_paceline%' ESCAPE '\\' AS names_ours
    FROM sqlite_schema WHERE (type = 'trigger' OR type = 'table' AND names_ours) ${where}`;
  const bound = names === 'all' ? [] : names;
  return guard.lifted(() => connection.prepare(sql).all(...bound)) as unknown as Definition[];
}

function checkKeys(connection: Connection, guard: StatementGuard, { name }: Definition): void {
  if (isOurs(name)) return;
  const keys = guard.lifted(() =>
    connection.prepare('SELECT "table" AS parent FROM pragma_foreign_key_list(?)').all(name),
  ) as { parent: string }[];
  const found = keys.find(({ parent }) => isOurs(parent));
  if (found === undefined) return;
  const why = `"${name}" would have a foreign key on "${found.parent}", which is Paceline’s own`;
  throw forbidden(`${why}: leave the key out`);
}

/** By SQLite's parser, which compiles the bodies of triggers into the statements that fire them. */
function checkTrigger(connection: Connection, guard: StatementGuard, trigger: Definition): void {
  for (const sql of firing(connection, guard, trigger)) {
    guard.begin();
    try {
      connection.prepare(sql);
    } catch (error) {
      if (guard.refusal !== null) throw forbidden(guard.refusal);
      if (trigger.names_ours === 0 || IS_A_VIEW.test(messageOf(error))) continue;
      const why = `trigger "${trigger.name}" has the name of a table of Paceline’s in it`;
      const unknown = 'it cannot be told whether it would write to that';
      throw forbidden(`${why}, and ${unknown} (${messageOf(error)}): mend that first`);
    }
  }
}

/** Statements that fire all triggers of its table, whatever they wait for. */
function firing(connection: Connection, guard: StatementGuard, { tbl_name }: Definition): string[] {
  const columns = guard.lifted(() =>
    connection.prepare('SELECT name FROM pragma_table_xinfo(?) WHERE hidden = 0').all(tbl_name),
  ) as { name: string }[];
  const table = quoted(tbl_name);
  const set = columns.map(({ name }) => `${quoted(name)} = ${quoted(name)}`).join(', ');
  return [
    `INSERT INTO ${table} DEFAULT VALUES`,
    `UPDATE ${table} SET ${set}`,
    `DELETE FROM ${table}`,
  ];
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function forbidden(message: string): PacelineError {
  return new PacelineError('STATEMENT_FORBIDDEN', message);
}
