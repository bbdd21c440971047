import { createInterface, type Interface } from 'node:readline';
import type { Database } from '../api/database.ts';
import { isBlankSql, splitStatements } from '../api/split-statements.ts';
import { runDotCommand } from './dot-commands.ts';
import { describeError, reportError } from './report.ts';
import { renderOutcome, runStatement } from './run-statement.ts';

const PROMPT = 'paceline> ';
const CONTINUED = '     ...> ';

/**
 * Reads statements until the input ends or `.quit`. At a terminal an error is shown and the next
 * statement may follow; a script from a file or pipe stops at its first error.
 */
export async function runPrompt(database: Database, json: boolean): Promise<void> {
  const terminal = process.stdin.isTTY === true;
  const lines = createInterface({
    input: process.stdin,
    terminal,
    ...(terminal ? { output: process.stdout, prompt: PROMPT } : {}),
  });
  if (terminal) process.stdout.write('Statements end with ";". Type .help for help.\n');
  const session = new PromptSession(database, json, terminal);
  clearOnInterrupt(lines, session);
  session.ask(lines);
  for await (const line of lines) {
    const more = await session.take(line);
    if (!more) break;
    session.ask(lines);
  }
  lines.close();
  if (!terminal) await session.finish();
}

/** Ctrl-C drops what was typed; on an empty line it ends the session. */
function clearOnInterrupt(lines: Interface, session: PromptSession): void {
  lines.on('SIGINT', () => {
    if (session.isEmpty) return lines.close();
    session.clear();
    process.stdout.write('\n');
    session.ask(lines);
  });
}

class PromptSession {
  readonly #database: Database;
  readonly #json: boolean;
  readonly #terminal: boolean;
  #typed = '';

  constructor(database: Database, json: boolean, terminal: boolean) {
    this.#database = database;
    this.#json = json;
    this.#terminal = terminal;
  }

  get isEmpty(): boolean {
    return isBlankSql(this.#typed);
  }

  clear(): void {
    this.#typed = '';
  }

  ask(lines: Interface): void {
    if (!this.#terminal) return;
    lines.setPrompt(this.isEmpty ? PROMPT : CONTINUED);
    lines.prompt();
  }

  /** Takes one line and runs what it completes; false when the session is over. */
  async take(line: string): Promise<boolean> {
    if (this.isEmpty && line.startsWith('.')) {
      if (line.trim() === '.quit' || line.trim() === '.exit') return false;
      await this.#show(() => runDotCommand(this.#database, line.trim(), this.#json));
      return true;
    }
    this.#typed += `${line}\n`;
    if (!line.includes(';')) return true; // spares looking through a long statement again
    const { statements, rest } = splitStatements(this.#typed);
    this.#typed = rest;
    for (const sql of statements) await this.#run(sql);
    return true;
  }

  /** A script's last statement may lack its semicolon. */
  async finish(): Promise<void> {
    if (!this.isEmpty) await this.#run(this.#typed.trim());
  }

  #run(sql: string): Promise<void> {
    return this.#show(async () =>
      renderOutcome(await runStatement(this.#database, sql), this.#json),
    );
  }

  async #show(produce: () => Promise<string>): Promise<void> {
    try {
      process.stdout.write(`${await produce()}\n`);
    } catch (error) {
      if (!this.#terminal) throw error;
      reportError(describeError(error));
    }
  }
}
