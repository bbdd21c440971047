/**
 * Finds where statements end in what was typed so far, as sqlite3_complete() does: a `;` outside of
 * quotes and comments; in CREATE TRIGGER one that follows `; END`.
 */
const TOKEN =
  /\s+|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|;|[\p{L}_][\p{L}\p{N}_$]*|\/\*|[\s\S]/uy;

export interface Split {
  /** Whole statements, without their `;` and surrounding blanks; empty ones are left out. */
  readonly statements: readonly string[];
  /** What is not finished yet. */
  readonly rest: string;
}

export function splitStatements(text: string): Split {
  const statements: string[] = [];
  let start = 0;
  let words: string[] = []; // words and semicolons of the statement at `start`
  TOKEN.lastIndex = 0;
  for (let at = 0; at < text.length; at = TOKEN.lastIndex) {
    const token = TOKEN.exec(text)![0];
    if (isUnclosed(token)) break;
    if (token === ';' && !insideTrigger(words)) {
      const statement = text.slice(start, at).trim();
      if (words.length > 0) statements.push(statement);
      start = at + 1;
      words = [];
    } else if (!isBlank(token)) words.push(token.toUpperCase());
  }
  return { statements, rest: text.slice(start) };
}

/** Whether `text` holds nothing to run: blanks and comments. */
export function isBlankSql(text: string): boolean {
  TOKEN.lastIndex = 0;
  for (let at = 0; at < text.length; at = TOKEN.lastIndex)
    if (!isBlank(TOKEN.exec(text)![0])) return false;
  return true;
}

function isBlank(token: string): boolean {
  return /^\s/.test(token) || token.startsWith('--') || /^\/\*[\s\S]*\*\/$/.test(token);
}

/** The opening of a quote or comment by itself: the expression found no end to it. */
function isUnclosed(token: string): boolean {
  return token === '/*' || (token.length === 1 && '\'"`['.includes(token));
}

function insideTrigger(words: readonly string[]): boolean {
  const [first, second, third] = words[0] === 'EXPLAIN' ? words.slice(1) : words;
  const temporary = second === 'TEMP' || second === 'TEMPORARY';
  const trigger = first === 'CREATE' && (temporary ? third : second) === 'TRIGGER';
  return trigger && !(words.at(-1) === 'END' && words.at(-2) === ';');
}
