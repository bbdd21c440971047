import type { SqlArgs } from '../api/value.ts';
import { PacelineError } from '../base/errors.ts';

/** The parameters of a statement. The binding leaves missing ones NULL without a word, so we count ourselves. */
export interface Parameters {
  /** The highest index: SQLite numbers `?` one up, `?N` as said, and names at their first appearance. */
  readonly count: number;
  /** With their prefix, in order of appearance, each once. */
  readonly names: readonly string[];
}

/**
 * What SQLite's tokenizer passes over (strings, quoted names, comments), or a parameter. A doubled quote is taken for two strings side
 * by side. What is not closed ends with the text: to look for its end again behind each beginning would take the square of the length.
 */
const TOKEN =
  /'[^']*(?:'|$)|"[^"]*(?:"|$)|`[^`]*(?:`|$)|\[[^\]]*(?:\]|$)|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|\?\d*|[:@#][\w$\u0080-\uffff]+|\$[\w$\u0080-\uffff]+(?:::[\w$]+)*(?:\([^)]*(?:\)|$))?|[\w\u0080-\uffff][\w$\u0080-\uffff]*/g;

export function parametersOf(sql: string): Parameters {
  let count = 0;
  const names: string[] = [];
  for (const [token] of sql.matchAll(TOKEN)) {
    if (token === '?') count++;
    else if (token[0] === '?') count = Math.max(count, Number(token.slice(1)));
    else if (':@$'.includes(token[0]!) && !names.includes(token)) {
      names.push(token);
      count++;
    }
  }
  return { count, names };
}

/**
 * Where the first statement of the text ends, given the same with NULL for its parameters, which is how SQLite gives it
 * back. The binding's own record of the text is all of it.
 */
export function endOfFirst(sql: string, expanded: string): number {
  let longer = 0;
  for (const { 0: token, index } of sql.matchAll(TOKEN)) {
    if (index + longer >= expanded.length) break;
    if (isParameter(token)) longer += 'NULL'.length - token.length;
  }
  return expanded.length - longer;
}

/** The text with something else for its parameters; `replace` gets a parameter's number, or its name. */
export function replaceParameters(
  sql: string,
  replace: (token: string, parameter: number | string) => string,
): string {
  let count = 0;
  return sql.replace(TOKEN, (token) => {
    if (!isParameter(token)) return token;
    if (token[0] !== '?') return replace(token, token);
    const number = token === '?' ? count + 1 : Number(token.slice(1));
    count = Math.max(count, number);
    return replace(token, number);
  });
}

function isParameter(token: string): boolean {
  return '?:@$'.includes(token[0]!) && (token[0] === '?' || token.length > 1);
}

/** Throws ARGUMENTS_INVALID unless `args` gives exactly the statement's parameters. */
export function checkParameters(parameters: Parameters, args: SqlArgs | undefined): void {
  const { count, names } = parameters;
  if (args === undefined || Array.isArray(args)) {
    const given = args?.length ?? 0;
    if (names.length > 0)
      throw invalid(`the statement has named parameters (${names.join(', ')}): pass an object`);
    if (given !== count)
      throw invalid(`the statement has ${count} parameters, ${given} arguments were given`);
    return;
  }
  if (names.length < count) throw invalid('the statement has ? parameters: pass an array');
  const given = new Set(Object.keys(args).map(bare));
  const missing = names.filter((name) => !given.has(bare(name)));
  if (missing.length > 0) throw invalid(`no argument was given for ${missing.join(', ')}`);
  const known = new Set(names.map(bare));
  const unknown = [...given].filter((name) => !known.has(name));
  if (unknown.length > 0)
    throw invalid(`the statement has no parameter named ${unknown.join(', ')}`);
}

export function bare(name: string): string {
  return ':@$'.includes(name[0] ?? ' ') ? name.slice(1) : name;
}

function invalid(message: string): PacelineError {
  return new PacelineError('ARGUMENTS_INVALID', message);
}
