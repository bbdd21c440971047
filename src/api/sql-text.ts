/** Reads over SQL text only as far as SQLite's tokenizer would skip it: white space and comments. */

const BLANK = /(?:\s+|--[^\n]*(?:\n|$)|\/\*[\s\S]*?(?:\*\/|$))*/y;

/** Whether nothing is left to run from `at` on: blanks, comments and semicolons only. */
export function isBlankFrom(sql: string, at: number): boolean {
  let i = at;
  for (;;) {
    BLANK.lastIndex = i;
    i += BLANK.exec(sql)?.[0].length ?? 0;
    if (sql[i] !== ';') return i >= sql.length;
    i++;
  }
}

/** The first keyword, upper-cased; empty when there is none. */
export function firstKeyword(sql: string): string {
  return /^[a-z]+/i.exec(sql.slice(firstToken(sql)).slice(0, 32))?.[0].toUpperCase() ?? '';
}

/** The text from its first keyword on. */
export function withoutLeadingBlanks(sql: string): string {
  return sql.slice(firstToken(sql));
}

function firstToken(sql: string): number {
  BLANK.lastIndex = 0;
  return BLANK.exec(sql)?.[0].length ?? 0;
}
