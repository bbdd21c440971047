import type { Command } from 'commander';
import { valueFromJson } from '../api/json.ts';
import type { SqlValue } from '../api/value.ts';
import { messageOf, PacelineError } from '../base/errors.ts';
import { addConnectionOptions, type ConnectionFlags, withClient } from './connection.ts';
import { runPrompt } from './prompt.ts';
import { renderOutcome, runStatement } from './run-statement.ts';

const EXAMPLES = `
Examples:
  paceline sql "SELECT * FROM people WHERE name = ?" --arg '"Ann"'
  paceline sql --url http://10.0.0.1:4000,http://10.0.0.2:4000 < script.sql`;

interface SqlFlags extends ConnectionFlags {
  readonly arg?: readonly string[];
  readonly json?: true;
}

export function addSql(program: Command): void {
  const append = (value: string, list: readonly string[] = []) => [...list, value];
  const command = program
    .command('sql')
    .description('run one statement, or without one a prompt (a script when stdin is a file)')
    .argument('[SQL]', 'the statement')
    .option('--arg <JSON>', 'argument for a ?, as JSON: 1, \'"text"\', null; repeatable', append)
    .option('--json', 'print results as JSON, one line each')
    .addHelpText('after', EXAMPLES);
  addConnectionOptions(command).action((sql: string | undefined, flags: SqlFlags) =>
    runSql(sql, flags),
  );
}

function runSql(sql: string | undefined, flags: SqlFlags): Promise<void> {
  const json = flags.json === true;
  const args = (flags.arg ?? []).map(parseArgument);
  if (sql === undefined && args.length > 0)
    throw new PacelineError('OPTIONS_INVALID', '--arg needs the statement on the command line');
  return withClient(flags, async (database) => {
    if (sql === undefined) return runPrompt(database, json);
    const outcome = await runStatement(database, sql, args.length === 0 ? undefined : args);
    process.stdout.write(`${renderOutcome(outcome, json)}\n`);
  });
}

function parseArgument(text: string, i: number): SqlValue {
  try {
    return valueFromJson(JSON.parse(text), `--arg ${i + 1}`);
  } catch (cause) {
    if (cause instanceof PacelineError) throw cause;
    const hint = "text needs quotes inside the shell's: --arg '\"text\"'";
    const message = `--arg ${i + 1} is not JSON: ${messageOf(cause)}; ${hint}`;
    throw new PacelineError('OPTIONS_INVALID', message, { cause });
  }
}
