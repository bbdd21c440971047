import type { Database } from '../api/database.ts';
import { queryResultToJson } from '../api/result-json.ts';
import type { SqlArgs } from '../api/value.ts';
import { PacelineError } from '../base/errors.ts';
import { renderStatus } from './render-status.ts';
import { printable } from './table.ts';

const HELP = `.help            this
.tables          names of the tables and views
.schema [NAME]   the statements that made them
.status          this member and its cluster
.quit            leave (or Ctrl-D)
Statements end with ";" and each is a transaction of its own. Reads are served by the member
connected to; writes go to the leader.`;

/** Every name but SQLite's and Paceline's own. */
const OBJECTS = `FROM sqlite_schema WHERE name NOT GLOB 'sqlite_*' AND name NOT GLOB '_paceline*'`;

/** Runs a line that begins with a dot; the text to print. */
export async function runDotCommand(
  database: Database,
  line: string,
  json: boolean,
): Promise<string> {
  const [command = '', ...words] = line.split(/\s+/);
  switch (command) {
    case '.help':
      return HELP;
    case '.tables': {
      const sql = `SELECT name ${OBJECTS} AND type IN ('table', 'view') ORDER BY name`;
      return firstColumn(database, sql, [], json);
    }
    case '.schema': {
      const [name = null] = words;
      const sql = `SELECT sql || ';' AS sql ${OBJECTS} AND sql IS NOT NULL AND (?1 IS NULL OR tbl_name = ?1 COLLATE NOCASE) ORDER BY rowid`;
      return firstColumn(database, sql, [name], json);
    }
    case '.status': {
      const status = await database.status();
      return json ? JSON.stringify(status) : renderStatus(status);
    }
    default: {
      const message = `there is no ${command}; type .help for what there is`;
      throw new PacelineError('REQUEST_INVALID', message);
    }
  }
}

async function firstColumn(
  database: Database,
  sql: string,
  args: SqlArgs,
  json: boolean,
): Promise<string> {
  const result = await database.query(sql, args);
  if (json) return JSON.stringify(queryResultToJson(result));
  if (result.rows.length === 0) return '(none)';
  // Line ends in a schema are its author's layout: keep them.
  const lines = result.rows.flatMap(([text]) => String(text).split(/\r?\n/));
  return lines.map(printable).join('\n');
}
