import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { Database } from '../api/database.ts';
import { isBlankSql, splitStatements } from '../api/split-statements.ts';
import { runDotCommand } from './dot-commands.ts';
import { describeError, reportError } from './report.ts';
import { renderOutcome, runStatement } from './run-statement.ts';

const PROMPT = 'paceline> ';
const CONTINUED = '     ...> ';

export interface PromptStreams {
  readonly input: Readable;
  readonly output: Writable;
  /** Somebody types. */
  readonly terminal: boolean;
}

function standardStreams(): PromptStreams {
  const { stdin: input, stdout: output } = process;
  return { input, output, terminal: input.isTTY === true };
}

/**
 * Reads statements until the input ends or `.quit`. At a terminal an error is shown and the next
 * statement may follow; a script from a file or pipe stops at its first error.
 */
export async function runPrompt(
  database: Database,
  json: boolean,
  { input, output, terminal }: PromptStreams = standardStreams(),
): Promise<void> {
  const lines = createInterface({
    input,
    terminal,
    ...(terminal ? { output, prompt: PROMPT } : {}),
  });
  if (terminal) output.write('Statements end with ";". Type .help for help.\n');
  const session = new PromptSession(database, json, terminal, output);
  clearOnInterrupt(lines, session, output);
  session.ask(lines);
  for await (const line of lines) {
    const more = await session.take(line);
    if (!more) break;
    session.ask(lines);
  }
  lines.close();
  if (!terminal) await session.finish();
}

/** Ctrl-C drops what was typed; where nothing was, it ends the session. */
function clearOnInterrupt(lines: Interface, session: PromptSession, output: Writable): void {
  lines.on('SIGINT', () => {
    if (session.isEmpty && lines.line === '') return lines.close();
    session.clear();
    // To the end of the line that is being typed, then all of it away.
    lines.write(null, { ctrl: true, name: 'e' });
    lines.write(null, { ctrl: true, name: 'u' });
    output.write('\n');
    session.ask(lines);
  });
}

class PromptSession {
  readonly #database: Database;
  readonly #json: boolean;
  readonly #terminal: boolean;
  readonly #output: Writable;
  #typed = '';

  constructor(database: Database, json: boolean, terminal: boolean, output: Writable) {
    this.#database = database;
    this.#json = json;
    this.#terminal = terminal;
    this.#output = output;
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
      this.#output.write(`${await produce()}\n`);
    } catch (error) {
      if (!this.#terminal) throw error;
      reportError(describeError(error));
    }
  }
}
