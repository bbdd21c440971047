import type { Statement } from '../../../src/api/request.ts';

/** Rows kept of what was noted. */
const NOTES_KEPT = 60;
/** Texts kept for the search. */
const TEXTS_KEPT = 30;

/** Spreads numbers: keys in no order, and texts of many lengths. */
const scattered = (of: string) => `printf('%08x', (${of} * 2654435761) % 4294967296)`;
const note = (what: string, of: string) =>
  `INSERT INTO note(what, key, body) VALUES ('${what}', ${scattered(of)}, zeroblob(${of} % 300));
   DELETE FROM note WHERE n <= (SELECT max(n) FROM note) - ${NOTES_KEPT};`;

/**
 * What only SQLite can do on top of the workloads: each of their writes moves rows of a table with two indexes and of a full-text
 * index, by triggers, and frees as many pages as it takes.
 */
export const MOVING_PAGES: readonly Statement[] = [
  'CREATE TABLE note(n INTEGER PRIMARY KEY, what TEXT NOT NULL, key TEXT NOT NULL, body BLOB)',
  'CREATE INDEX note_by_key ON note(key)',
  "CREATE INDEX note_of_banks ON note(body, key) WHERE what = 'bank'",
  'CREATE VIRTUAL TABLE said USING fts5(text, tokenize = trigram)',
  `CREATE TRIGGER written AFTER UPDATE ON register BEGIN ${note('register', 'new.value')} END`,
  `CREATE TRIGGER moved AFTER UPDATE ON account BEGIN ${note('bank', 'new.balance')} END`,
  `CREATE TRIGGER appended AFTER INSERT ON list BEGIN
     INSERT INTO said(rowid, text)
       VALUES (new.n, 'list ' || new.key || ' has ' || ${scattered('new.value')});
     DELETE FROM said WHERE rowid = new.n - ${TEXTS_KEPT};
     UPDATE said SET text = text || ' still' WHERE rowid = new.n / 2;
   END`,
].map((sql) => ({ sql }));
